/*
 * Messages to the engine, each with its acknowledgement.
 *
 * Runs on: loop; one lane of its own asks the cluster for the number of partitions.
 */

#include "trigger-gateway/ports/publish.h"

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/base/fault.h"
#include "common/base/list.h"
#include "common/io/log.h"
#include "common/model/limits.h"
#include "common/wire/wire.h"
#include "trigger-gateway/ports/metrics.h"

#define LINGER_MS 1       /* what arrives together travels together */
#define LOOK_EVERY_MS 200 /* keeps what is known of the brokers fresh */
#define ASK_MS 2000

/* One message under way, from publish_…() to its report. */
typedef struct Sending {
    ListNode node;
    Publisher *publisher;
    PublishedFn done_fn;
    void *context;
    int64_t since_ms;
} Sending;

struct Publisher {
    Loop *loop;
    Metrics *metrics;
    BusProducer *producer;
    LanePool *lane;
    LoopWatch watch;
    LoopTimer look;
    ListNode sendings;
    uint32_t pending;
    uint32_t partition_count; /* 0: not known yet */
    uint32_t asked_count;     /* written by the lane while is_asking */
    bool is_asking;
    bool is_closed;
    bool has_failed;
    LoopFn closed_fn;
    void *closed_context;
};

static const char *const ends[] = {
    [0] = "acknowledged",
    [PUBLISH_E_UNAVAILABLE] = "unavailable",
    [PUBLISH_E_TOO_LARGE] = "too_large",
};

/* Reports ---------------------------------------------------------------------------------- */

static int refusal_of(int r) {
    if (r == 0)
        return 0;
    return r == BUS_E_TOO_LARGE ? PUBLISH_E_TOO_LARGE : PUBLISH_E_UNAVAILABLE;
}

static void sending_done(Sending *sending, int r) {
    Publisher *publisher = sending->publisher;
    PublishedFn done_fn = sending->done_fn;
    void *context = sending->context;

    list_drop(&sending->node);
    publisher->pending--;
    metric_set(publisher->metrics, METRIC_PUBLISHING, publisher->pending);
    metric_add_label(publisher->metrics, METRIC_PUBLISHED, ends[r], 1);
    metric_observe_ms(publisher->metrics, METRIC_PUBLISH_SECONDS,
                      (double)(loop_now_ms(publisher->loop) - sending->since_ms));
    alloc_free(sending);
    done_fn(context, r);
}

static void report_taken(void *owner, const BusReport *report) {
    Publisher *publisher = owner;

    if (report->r == BUS_E_FATAL)
        publisher->has_failed = true;
    if (report->r)
        log_event(LOG_WARN, "publish.refused", LOG_C("topic", report->topic),
                  LOG_C("why", bus_refusal_word(report->r)));
    sending_done(report->context, refusal_of(report->r));
}

static void serve(void *context) {
    Publisher *publisher = context;

    bus_producer_poll(publisher->producer, 0);
}

/* How many partitions ----------------------------------------------------------------------- */

static void ask(void *lane, void *context) {
    Publisher *publisher = context;

    (void)lane;
    if (bus_partition_count(publisher->producer, TOPIC_EVENTS, ASK_MS, &publisher->asked_count))
        publisher->asked_count = 0;
}

static void ask_done(void *context) {
    Publisher *publisher = context;

    publisher->is_asking = false;
    publisher->partition_count = publisher->asked_count;
    if (publisher->partition_count > 0)
        log_event(LOG_INFO, "publish.ready", LOG_INT("partitions", publisher->partition_count));
}

static void look(void *context) {
    Publisher *publisher = context;

    serve(publisher);
    metric_set(publisher->metrics, METRIC_KAFKA_UP, bus_producer_is_up(publisher->producer));
    if (publisher->partition_count > 0 || publisher->is_asking)
        return;
    publisher->is_asking = lane_pool_run(publisher->lane, ask, ask_done, publisher) == 0;
}

/* Life -------------------------------------------------------------------------------------- */

int publisher_open(Loop *loop, const PublisherSettings *settings, Publisher **ret_publisher) {
    Publisher *publisher = alloc_zero(sizeof *publisher);
    BusSettings bus = {
        .brokers = settings->brokers,
        .client_id = settings->client_id,
        .message_timeout_ms = settings->timeout_ms,
        .linger_ms = LINGER_MS,
    };
    int r;

    publisher->loop = loop;
    publisher->metrics = settings->metrics;
    list_init(&publisher->sendings);
    r = bus_producer_open(&bus, &publisher->producer);
    if (r) {
        alloc_free(publisher);
        return fault_pass(r);
    }
    bus_producer_on_report(publisher->producer, report_taken, publisher);
    r = loop_watch_open(loop, &publisher->watch, bus_producer_fd(publisher->producer), serve,
                        publisher);
    if (r) {
        bus_producer_close(publisher->producer);
        alloc_free(publisher);
        return fault_pass(r);
    }
    publisher->lane = lane_pool_new(loop, &(LanePoolSpec){.threads = 1, .queue_max = 1});
    loop_timer_open(loop, &publisher->look, look, publisher);
    loop_timer_start(&publisher->look, 1, LOOK_EVERY_MS);
    *ret_publisher = publisher;
    return 0;
}

static void watch_closed(void *context) {
    Publisher *publisher = context;
    LoopFn closed_fn = publisher->closed_fn;
    void *closed_context = publisher->closed_context;

    alloc_free(publisher);
    if (closed_fn)
        closed_fn(closed_context);
}

static void look_closed(void *context) {
    Publisher *publisher = context;

    loop_watch_close(&publisher->watch, watch_closed);
}

void publisher_close(Publisher *publisher, LoopFn closed_fn, void *context) {
    publisher->closed_fn = closed_fn;
    publisher->closed_context = context;
    publisher->is_closed = true;
    lane_pool_free(publisher->lane);
    while (!list_is_empty(&publisher->sendings))
        sending_done(CONTAINER_OF(list_first(&publisher->sendings), Sending, node),
                     PUBLISH_E_UNAVAILABLE);
    bus_producer_on_report(publisher->producer, NULL, NULL);
    publisher->producer = bus_producer_close(publisher->producer);
    loop_timer_close(&publisher->look, look_closed);
}

bool publisher_is_up(const Publisher *publisher) {
    return !publisher->is_closed && !publisher->has_failed && publisher->partition_count > 0 &&
           bus_producer_is_up(publisher->producer);
}

bool publisher_has_failed(const Publisher *publisher) {
    return publisher->has_failed;
}

uint32_t publisher_pending(const Publisher *publisher) {
    return publisher->pending;
}

/* Sending ----------------------------------------------------------------------------------- */

static int transmit(Publisher *publisher, BusOutgoing *outgoing, PublishedFn done_fn,
                    void *context) {
    Sending *sending;
    int r;

    if (outgoing->value.length > MESSAGE_BYTES_MAX)
        return PUBLISH_E_TOO_LARGE;
    sending = alloc_zero(sizeof *sending);
    sending->publisher = publisher;
    sending->done_fn = done_fn;
    sending->context = context;
    sending->since_ms = loop_now_ms(publisher->loop);
    outgoing->context = sending;
    r = bus_produce(publisher->producer, outgoing);
    if (r) {
        alloc_free(sending);
        publisher->has_failed = publisher->has_failed || r == BUS_E_FATAL;
        return refusal_of(r);
    }
    list_push_last(&publisher->sendings, &sending->node);
    publisher->pending++;
    return 0;
}

typedef struct Address {
    ExecutionId execution;
    uint32_t partition;
} Address;

static int send_event(Publisher *publisher, const EngineEvent *event, const Address *address,
                      PublishedFn done_fn, void *context) {
    _cleanup_(buf_done) Buf bytes = {0};

    wire_write_event(&bytes, event);
    return transmit(publisher,
                    &(BusOutgoing){
                        .topic = TOPIC_EVENTS,
                        .partition = (int32_t)address->partition,
                        .key = uuid_bytes(&address->execution.uuid),
                        .value = buf_str(&bytes),
                    },
                    done_fn, context);
}

static int counted(Publisher *publisher, int r) {
    if (r)
        metric_add_label(publisher->metrics, METRIC_PUBLISHED, ends[r], 1);
    return r;
}

int publish_start(Publisher *publisher, const TriggerEvent *event, PublishedFn done_fn,
                  void *context) {
    EngineEvent message = {.type = ENGINE_EVENT_TRIGGER, .trigger = *event};
    Address address = {.execution = event->execution};

    if (!publisher_is_up(publisher))
        return counted(publisher, PUBLISH_E_UNAVAILABLE);
    address.partition = wire_home_partition(event->execution, publisher->partition_count);
    return counted(publisher, send_event(publisher, &message, &address, done_fn, context));
}

int publish_command(Publisher *publisher, const Command *command, uint32_t partition,
                    PublishedFn done_fn, void *context) {
    EngineEvent message = {.type = ENGINE_EVENT_COMMAND, .command = *command};
    Address address = {.execution = command->execution, .partition = partition};

    if (!publisher_is_up(publisher))
        return counted(publisher, PUBLISH_E_UNAVAILABLE);
    return counted(publisher, send_event(publisher, &message, &address, done_fn, context));
}

int publish_letter(Publisher *publisher, const PublishLetter *letter, PublishedFn done_fn,
                   void *context) {
    BusOutgoing outgoing = {
        .topic = TOPIC_DEAD_LETTERS,
        .partition = -1,
        .key = letter->key,
        .value = letter->value,
        .headers = letter->headers,
        .header_count = letter->header_count,
    };

    if (!publisher_is_up(publisher))
        return counted(publisher, PUBLISH_E_UNAVAILABLE);
    return counted(publisher, transmit(publisher, &outgoing, done_fn, context));
}
