/* The topic of dead letters. */

#include "cli/letters.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/commands.h"
#include "common/base/alloc.h"
#include "common/base/map.h"
#include "common/io/clock.h"
#include "common/io/log.h"

#define TOPIC "headrace.dead-letters.v1"
#define WAIT_MS 10000
#define TOPIC_NAME_BYTES_MAX 249 /* Kafka's own limit */

struct Letters {
    const char *brokers;
    BusProducer *producer;
};

/* What reading a partition gathers. */
typedef struct Gathered {
    Arena *arena;
    const LetterFilter *filter; /* NULL: one letter, with its value */
    int64_t wanted;             /* its offset */
    Letter *letters;
    uint32_t count, capacity;
    Map marks; /* place → LetterMark */
} Gathered;

/* ── opening ────────────────────────────────────────────────────────────────────────────────── */

static int complain(const Letters *letters, const char *what, int r) {
    fprintf(stderr, "headrace dead-letters: %s: Kafka at %s: %s\n", what, letters->brokers,
            r > 0 ? bus_refusal_word(r) : "failed");
    return r == BUS_E_REFUSED || r == BUS_E_TOO_LARGE ? EXIT_NOT_DONE : EXIT_UNAVAILABLE;
}

static void reported(void *owner, const BusReport *report) {
    (void)owner;
    *(int *)report->context = report->r;
}

int letters_open(const char *brokers, Letters **ret_letters) {
    _cleanup_(letters_close_p) Letters *letters = alloc_zero(sizeof *letters);
    BusSettings settings = {.client_id = "headrace-dead-letters", .message_timeout_ms = WAIT_MS};
    int r;

    letters->brokers = brokers ? brokers : getenv("HEADRACE_KAFKA");
    if (letters->brokers == NULL) {
        fprintf(stderr, "headrace dead-letters: neither --kafka nor HEADRACE_KAFKA is given\n");
        return EXIT_USAGE;
    }
    settings.brokers = letters->brokers;
    /* What the library mutters is for daemons' logs; a person gets one sentence. */
    log_setup("headrace", "dead-letters", LOG_ERROR);
    r = bus_producer_open(&settings, &letters->producer);
    if (r)
        return complain(letters, "cannot begin", r);
    bus_producer_on_report(letters->producer, reported, NULL);
    *ret_letters = letters;
    letters = NULL;
    return EXIT_DONE;
}

Letters *letters_close(Letters *letters) {
    if (letters == NULL)
        return NULL;
    bus_producer_close(letters->producer);
    return alloc_free(letters);
}

/* ── reading ────────────────────────────────────────────────────────────────────────────────── */

static bool is_wanted(const Gathered *gathered, const BusMessage *message, const Letter *letter) {
    const LetterFilter *filter = gathered->filter;

    if (filter == NULL)
        return message->offset == gathered->wanted;
    return (filter->reason == NULL || str_is(letter->reason, filter->reason)) &&
           (filter->topic == NULL || str_is(letter->topic, filter->topic));
}

static void gather(Gathered *gathered, const BusMessage *message) {
    LetterMark *mark;
    Letter letter;

    if (letter_is_mark(message)) {
        mark = arena_alloc(gathered->arena, sizeof *mark);
        *mark = letter_mark_read(message, gathered->arena);
        map_set(&gathered->marks, mark->place, mark);
        return;
    }
    letter = letter_read(message, gathered->filter == NULL, gathered->arena);
    if (!is_wanted(gathered, message, &letter))
        return;
    if (gathered->count == gathered->capacity) {
        uint32_t capacity = gathered->capacity ? 2 * gathered->capacity : 64;

        gathered->letters =
            arena_grow(gathered->arena, gathered->letters, gathered->capacity * sizeof letter,
                       capacity * sizeof letter);
        gathered->capacity = capacity;
    }
    gathered->letters[gathered->count++] = letter;
}

/* Every record from an offset on, up to where the partition ends now. */
static int read_from(const Letters *letters, int32_t partition, BusWatermarks marks,
                     Gathered *gathered) {
    BusSettings settings = {.brokers = letters->brokers, .client_id = "headrace-dead-letters"};
    BusConsumer *consumer = NULL;
    BusMessage message;
    int r = bus_consumer_open(&settings, &consumer);

    if (r == 0)
        r = bus_assign(consumer, TOPIC, partition, marks.low);
    while (r == 0 && marks.low < marks.high) {
        r = bus_poll(consumer, WAIT_MS, &message);
        marks.low = r == BUS_E_END ? marks.high : message.offset + 1;
        if (r == 0)
            gather(gathered, &message);
        else if (r == BUS_E_END)
            r = 0;
        bus_message_free(&message);
    }
    bus_consumer_close(consumer);
    return r;
}

static void note_marks(Gathered *gathered) {
    for (uint32_t i = 0; i < gathered->count; i++) {
        Letter *letter = &gathered->letters[i];
        LetterPlace place = letter_place(letter->partition, letter->offset);
        const LetterMark *mark = map_find(&gathered->marks, str_of(place.text));

        if (mark != NULL)
            letter_note(letter, mark);
    }
}

static int newest_first(const void *a, const void *b) {
    const Letter *left = a, *right = b;

    if (left->at_ms != right->at_ms)
        return left->at_ms < right->at_ms ? 1 : -1;
    if (left->partition != right->partition)
        return left->partition - right->partition;
    return left->offset < right->offset ? 1 : -1;
}

static void drop_handled(Gathered *gathered) {
    uint32_t kept = 0;

    for (uint32_t i = 0; i < gathered->count; i++)
        if (gathered->letters[i].how.length == 0)
            gathered->letters[kept++] = gathered->letters[i];
    gathered->count = kept;
}

static int read_all(const Letters *letters, Gathered *gathered) {
    uint32_t partitions = 0;
    BusWatermarks marks;
    int r = bus_partition_count(letters->producer, TOPIC, WAIT_MS, &partitions);

    for (uint32_t i = 0; r == 0 && i < partitions; i++) {
        r = bus_watermarks(letters->producer, TOPIC, (int32_t)i, WAIT_MS, &marks);
        if (r == 0 && marks.high - marks.low > LETTERS_MAX / partitions) {
            marks.low = marks.high - LETTERS_MAX / partitions;
            fprintf(stderr,
                    "headrace dead-letters: partition %u: older than offset %lld is not "
                    "looked at\n",
                    i, (long long)marks.low);
        }
        if (r == 0)
            r = read_from(letters, (int32_t)i, marks, gathered);
    }
    return r;
}

int letters_list(Letters *letters, const LetterFilter *filter, Arena *arena, LetterList *ret_list) {
    Gathered gathered = {.arena = arena, .filter = filter};
    int r;

    map_init(&gathered.marks, clock_random_u64());
    r = read_all(letters, &gathered);
    note_marks(&gathered);
    map_done(&gathered.marks);
    if (r)
        return complain(letters, "the letters cannot be read", r);
    if (!filter->has_handled)
        drop_handled(&gathered);
    if (gathered.count > 0)
        qsort(gathered.letters, gathered.count, sizeof *gathered.letters, newest_first);
    *ret_list = (LetterList){gathered.letters, gathered.count};
    return EXIT_DONE;
}

/* ── one letter ─────────────────────────────────────────────────────────────────────────────── */

static int no_letter(const char *place) {
    fprintf(stderr, "headrace dead-letters: there is no letter %s\n", place);
    return EXIT_NOT_DONE;
}

static int read_one(const Letters *letters, int32_t partition, Gathered *gathered) {
    uint32_t partitions = 0;
    BusWatermarks marks;
    int r = bus_partition_count(letters->producer, TOPIC, WAIT_MS, &partitions);

    if (r == 0 && partition >= (int32_t)partitions)
        return 0;
    if (r == 0)
        r = bus_watermarks(letters->producer, TOPIC, partition, WAIT_MS, &marks);
    if (r || gathered->wanted < marks.low || gathered->wanted >= marks.high)
        return r;
    marks.low = gathered->wanted;
    return read_from(letters, partition, marks, gathered);
}

int letters_find(Letters *letters, const char *place, Arena *arena, Letter *ret_letter) {
    Gathered gathered = {.arena = arena};
    int32_t partition;
    int r;

    if (!letter_place_read(str_of(place), &partition, &gathered.wanted)) {
        fprintf(stderr, "headrace dead-letters: \"%s\" is no place of a letter, like 0/12\n",
                place);
        return EXIT_USAGE;
    }
    map_init(&gathered.marks, clock_random_u64());
    r = read_one(letters, partition, &gathered);
    note_marks(&gathered);
    map_done(&gathered.marks);
    if (r)
        return complain(letters, "the letter cannot be read", r);
    if (gathered.count == 0)
        return no_letter(place);
    *ret_letter = gathered.letters[0];
    return EXIT_DONE;
}

/* ── answering ──────────────────────────────────────────────────────────────────────────────── */

/* The topic of a letter is a header that anybody can write: our own letters are no source. */
static bool has_source(const Letter *letter) {
    return letter->topic.length > 0 && letter->topic.length <= TOPIC_NAME_BYTES_MAX &&
           !str_is(letter->topic, TOPIC) && letter->source_partition >= 0 &&
           letter->source_partition <= INT32_MAX;
}

static int send(Letters *letters, BusOutgoing *outgoing, const char *what) {
    int delivered = BUS_E_UNAVAILABLE;
    int r;

    outgoing->context = &delivered;
    r = bus_produce(letters->producer, outgoing);
    if (r == 0)
        r = bus_producer_flush(letters->producer, WAIT_MS + 1000);
    if (r == 0)
        r = delivered;
    return r ? complain(letters, what, r) : EXIT_DONE;
}

int letters_send_back(Letters *letters, const Letter *letter) {
    char topic[TOPIC_NAME_BYTES_MAX + 1];

    if (!has_source(letter)) {
        fprintf(stderr, "headrace dead-letters: the letter names no topic that it came from\n");
        return EXIT_NOT_DONE;
    }
    snprintf(topic, sizeof topic, "%.*s", STR_ARGS(letter->topic));
    return send(letters,
                &(BusOutgoing){
                    .topic = topic,
                    .partition = (int32_t)letter->source_partition,
                    .key = letter->key,
                    .value = letter->value,
                    .headers = letter->headers,
                    .header_count = letter->header_count,
                },
                "the message was not sent again");
}

int letters_mark(Letters *letters, const Letter *letter, const char *how) {
    LetterPlace place = letter_place(letter->partition, letter->offset);
    char host[128] = "", at[24], by[160];
    BusHeader headers[] = {
        {STR("headrace-handled"), str_of(place.text)},
        {STR("headrace-how"),     str_of(how)       },
        {STR("headrace-at-ms"),   {0}               },
        {STR("headrace-by"),      {0}               },
    };

    gethostname(host, sizeof host - 1);
    snprintf(by, sizeof by, "headrace/%s/%d", host, (int)getuid());
    snprintf(at, sizeof at, "%lld", (long long)clock_now_ms());
    headers[2].value = str_of(at);
    headers[3].value = str_of(by);
    return send(letters,
                &(BusOutgoing){
                    .topic = TOPIC,
                    .partition = letter->partition,
                    .headers = headers,
                    .header_count = ARRAY_SIZE(headers),
                },
                "the letter was not marked");
}
