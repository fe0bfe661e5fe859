/*
 * Messages that nobody can use.
 *
 * Runs on: loop.
 */

#include "worker/dead_letter.h"

#include <stdio.h>

#include "common/io/clock.h"
#include "common/io/log.h"
#include "worker/metrics.h"

void dead_letter_send(Worker *worker, const BusMessage *message, const char *reason,
                      OutboxDoneFn done, void *context) {
    char partition[24], offset[24], at[24];
    BusHeader headers[] = {
        {STR("headrace-reason"),    str_of(reason)      },
        {STR("headrace-topic"),     message->topic      },
        {STR("headrace-partition"), {0}                 },
        {STR("headrace-offset"),    {0}                 },
        {STR("headrace-at-ms"),     {0}                 },
        {STR("headrace-by"),        str_of(worker->name)},
    };

    snprintf(partition, sizeof partition, "%d", message->partition);
    snprintf(offset, sizeof offset, "%lld", (long long)message->offset);
    snprintf(at, sizeof at, "%lld", (long long)clock_now_ms());
    headers[2].value = str_of(partition);
    headers[3].value = str_of(offset);
    headers[4].value = str_of(at);
    metric_add_label(worker->metrics, METRIC_DEAD_LETTERS, reason, 1);
    log_event(LOG_WARN, "message.dead", LOG_C("reason", reason), LOG_TEXT("topic", message->topic),
              LOG_INT("partition", message->partition), LOG_INT("offset", message->offset));
    outbox_send(worker->outbox,
                &(OutboxMessage){
                    .topic = TOPIC_DEAD_LETTERS,
                    .partition = -1,
                    .value = message->value,
                    .headers = headers,
                    .header_count = ARRAY_SIZE(headers),
                },
                done, context);
}
