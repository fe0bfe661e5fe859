#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fault.h"
#include "common/io/log.h"

static char said[1 << 20];
static FILE *kept;
static int stderr_fd;

/* Standard error goes to a file from here on … */
static void listen_begin(void) {
    fflush(stderr);
    stderr_fd = dup(STDERR_FILENO);
    kept = tmpfile();
    dup2(fileno(kept), STDERR_FILENO);
}

/* … until here; what was said is in `said`. */
static const char *listen_end(void) {
    size_t length;

    dup2(stderr_fd, STDERR_FILENO);
    rewind(kept);
    length = fread(said, 1, sizeof said - 1, kept);
    said[length] = '\0';
    fclose(kept);
    return said;
}

static int lines(const char *text) {
    int count = 0;

    for (; *text; text++)
        count += *text == '\n';
    return count;
}

Test(log, an_event_is_one_line_with_its_fields) {
    Uuid id = {
        .bytes = {0xab, 1}
    };

    log_setup("worker", "worker-1", LOG_INFO);
    listen_begin();
    log_event(LOG_WARN, "lease.lost", LOG_ID("execution", id), LOG_INT("partition", -7),
              LOG_C("why", "a \"quoted\"\nline\\\x01"));
    log_event(LOG_INFO, "plain");
    listen_end();

    cr_expect_eq(lines(said), 2);
    cr_expect_eq(strncmp(said, "{\"time\":\"20", 11), 0);
    cr_expect_not_null(
        strstr(said, "Z\",\"level\":\"warn\",\"event\":\"lease.lost\",\"daemon\":\"worker\","
                     "\"instance\":\"worker-1\","
                     "\"execution\":\"ab010000-0000-0000-0000-000000000000\",\"partition\":-7,"
                     "\"why\":\"a \\\"quoted\\\"\\nline\\\\\\u0001\"}\n"),
        "%s", said);
    cr_expect_not_null(strstr(said, "\"event\":\"plain\",\"daemon\":\"worker\","
                                    "\"instance\":\"worker-1\"}\n"));
}

Test(log, what_is_below_the_level_is_not_said) {
    log_setup("worker", "w", LOG_WARN);
    listen_begin();
    log_event(LOG_DEBUG, "a");
    log_event(LOG_INFO, "b");
    log_event(LOG_WARN, "c");
    log_event(LOG_ERROR, "d");
    listen_end();
    cr_expect_eq(lines(said), 2);
    cr_expect_null(strstr(said, "\"b\""));
}

Test(log, levels_are_known_by_their_words) {
    LogLevel level = LOG_INFO;

    cr_expect(log_level_from_word(STR("debug"), &level));
    cr_expect_eq(level, LOG_DEBUG);
    cr_expect(log_level_from_word(STR("error"), &level));
    cr_expect_eq(level, LOG_ERROR);
    cr_expect_not(log_level_from_word(STR("loud"), &level));
    cr_expect_not(log_level_from_word(STR(""), &level));
    cr_expect_eq(level, LOG_ERROR, "untouched by a refusal");
}

Test(log, text_that_is_no_utf8_still_makes_a_line_that_is) {
    listen_begin();
    log_event(LOG_INFO, "odd", LOG_TEXT("text", str_from("a\xff\xfe", 3)));
    log_event(LOG_INFO, "even", LOG_C("text", "ä€😀"));
    listen_end();
    cr_expect(str_is_utf8(str_of(said)));
    cr_expect_not_null(strstr(said, "\"a\\ufffd\\ufffd\""));
    cr_expect_not_null(strstr(said, "\"ä€😀\""));
}

Test(log, a_long_text_is_cut_between_characters) {
    static char text[6001];

    for (size_t i = 0; i + 3 < sizeof text; i += 3)
        memcpy(text + i, "€", 3);
    listen_begin();
    log_event(LOG_INFO, "long", LOG_C("text", text));
    listen_end();
    cr_expect(str_is_utf8(str_of(said)));
    cr_expect_lt(strlen(said), 2400);
    cr_expect_not_null(strstr(said, "€\\u2026\""));
}

Test(log, a_repeated_event_is_said_twenty_times_and_then_counted) {
    listen_begin();
    for (int i = 0; i < 1000; i++)
        log_event(LOG_WARN, "again", LOG_INT("i", i));
    log_event(LOG_WARN, "another");
    log_flush();
    log_event(LOG_WARN, "again", LOG_INT("i", 1000));
    listen_end();
    cr_expect_eq(lines(said), 20 + 1 + 1 + 1);
    cr_expect_not_null(strstr(said, "\"i\":19}"));
    cr_expect_null(strstr(said, "\"i\":20}"));
    cr_expect_not_null(strstr(said, "\"suppressed\":980}"));
    cr_expect_not_null(strstr(said, "\"i\":1000}"));
}

Test(log, more_kinds_of_events_than_are_counted_are_all_said) {
    char name[32];

    listen_begin();
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof name, "event.%d", i);
        log_event(LOG_INFO, name);
    }
    listen_end();
    cr_expect_eq(lines(said), 2000);
}

Test(log, a_fault_is_told_with_its_name_and_trail) {
    int r = fault_pass(fault_raise(-EIO));

    listen_begin();
    log_fault("disk.broken", r, LOG_C("disk", "a"));
    listen_end();
    cr_expect_not_null(strstr(said, "\"level\":\"error\",\"event\":\"disk.broken\""));
    cr_expect_not_null(strstr(said, "\"fault\":\"EIO\",\"trail\":\""));
    cr_expect_not_null(strstr(said, "test_log.c:"));
    cr_expect_not_null(strstr(said, "\"disk\":\"a\"}"));
}

static void *speak(void *context) {
    for (int i = 0; i < 15; i++)
        log_event(LOG_INFO, context, LOG_C("filler", "0123456789012345678901234567890123456789"));
    return NULL;
}

Test(log, lines_of_several_threads_do_not_mix) {
    char names[8][16];
    pthread_t threads[8];
    Str rest;

    listen_begin();
    for (int i = 0; i < 8; i++) {
        snprintf(names[i], sizeof names[i], "thread.%d", i);
        pthread_create(&threads[i], NULL, speak, names[i]);
    }
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    listen_end();
    cr_expect_eq(lines(said), 8 * 15);
    rest = str_of(said);
    while (rest.length > 0) {
        Str line = str_split(&rest, '\n');

        cr_assert(str_starts(line, STR("{\"time\"")));
        cr_assert(str_ends(line, STR("\"}")));
    }
}
