/* Messages that nobody can use. */

#include "coordinator/dead_letter.h"

#include <stdio.h>

#include "common/io/clock.h"
#include "common/io/log.h"
#include "coordinator/metrics.h"

#define FLUSH_MS 5000

static const char *const source_topics[] = {
    [SOURCE_EVENTS] = TOPIC_EVENTS,
    [SOURCE_RESULTS] = TOPIC_RESULTS,
    [SOURCE_SELF] = "",
};

void dead_letter_add(Lane *lane, const Message *message, const char *reason) {
    char partition[24], offset[24], at[24];
    BusHeader headers[] = {
        {STR("headrace-reason"),    str_of(reason)                        },
        {STR("headrace-topic"),     str_of(source_topics[message->source])},
        {STR("headrace-partition"), {0}                                   },
        {STR("headrace-offset"),    {0}                                   },
        {STR("headrace-at-ms"),     {0}                                   },
        {STR("headrace-by"),        str_of(lane->name)                    },
    };

    snprintf(partition, sizeof partition, "%d", message->partition->number);
    snprintf(offset, sizeof offset, "%lld", (long long)message->offset);
    snprintf(at, sizeof at, "%lld", (long long)clock_now_ms());
    headers[2].value = str_of(partition);
    headers[3].value = str_of(offset);
    headers[4].value = str_of(at);
    bus_produce(lane->producer, &(BusOutgoing){
                                    .topic = TOPIC_DEAD_LETTERS,
                                    .partition = -1,
                                    .value = message->bytes,
                                    .headers = headers,
                                    .header_count = ARRAY_SIZE(headers),
                                });
    lane->has_letters = true;
    metric_add_label(lane->metrics, METRIC_DEAD_LETTERS, reason, 1);
    log_event(LOG_WARN, "message.dead", LOG_C("reason", reason),
              LOG_C("topic", source_topics[message->source]),
              LOG_INT("partition", message->partition->number), LOG_INT("offset", message->offset));
}

int dead_letter_flush(Lane *lane) {
    int r;

    if (!lane->has_letters)
        return 0;
    r = bus_producer_flush(lane->producer, FLUSH_MS);
    if (r == 0)
        lane->has_letters = false;
    return r;
}
