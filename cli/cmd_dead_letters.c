/*
 * headrace dead-letters: messages that nobody could use, and what is done about them.
 *
 * A letter that was dealt with is followed by a mark in the topic itself: there is no second place
 * that could disagree, it is there for everybody, and it ends when its letter does.
 */

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/letter_print.h"
#include "cli/letters.h"
#include "cli/options.h"
#include "cli/table.h"

static const char usage[] =
    "usage: headrace dead-letters list [--reason REASON] [--topic TOPIC] [--all] [--limit N]\n"
    "       headrace dead-letters show PARTITION/OFFSET [--raw]\n"
    "       headrace dead-letters replay PARTITION/OFFSET --yes\n"
    "       headrace dead-letters discard PARTITION/OFFSET\n"
    "\n"
    "Messages that nobody could use, newest first, with the reason why.\n"
    "\n"
    "  list             those that nobody has dealt with\n"
    "  show             one of them: where it came from, what it says, its bytes\n"
    "  replay           sends it once more to the topic and partition that it came from\n"
    "  discard          marks it as dealt with\n"
    "\n"
    "  --reason REASON  only this reason, like NO_TEMPLATE\n"
    "  --topic TOPIC    only messages of this topic\n"
    "  --all            also those that were replayed or discarded\n"
    "  --limit N        1 to 10000, 50 without it\n"
    "  --raw            only the bytes\n"
    "  --yes            do it; without it replay only says what it would do\n"
    "  --json           one JSON object, or an array of them\n"
    "  --kafka BROKERS  host:port, comma separated (HEADRACE_KAFKA)\n"
    "\n"
    "exit codes: 0 done, 1 not done, 64 wrong usage, 69 Kafka cannot be reached\n";

typedef struct DeadLetters {
    const char *words[2]; /* verb, place */
    const char *brokers;
    const char *limit;
    LetterFilter filter;
    bool is_raw, is_sure, is_json;
    Letters *letters;
    Arena *arena;
} DeadLetters;

static const TableColumn columns[] = {
    {"LETTER", "letter"   },
    {"AT",     "at"       },
    {"REASON", "reason"   },
    {"TOPIC",  "topic"    },
    {"PART",   "partition"},
    {"OFFSET", "offset"   },
    {"BYTES",  "bytes"    },
    {"DONE",   "handled"  },
    {"DETAIL", "detail"   },
};

static void print_json(Arena *arena, const Json *value) {
    printf("%.*s\n", STR_ARGS(json_text(arena, value)));
}

static int list(DeadLetters *command) {
    JsonArray rows = {.arena = command->arena};
    int64_t limit = 50;
    LetterList found;
    Json all;
    int code;

    if (command->limit != NULL && !str_to_int64(str_of(command->limit), 1, 10000, &limit)) {
        fprintf(stderr, "headrace dead-letters: --limit is a number from 1 to 10000\n");
        return EXIT_USAGE;
    }
    code = letters_list(command->letters, &command->filter, command->arena, &found);
    if (code != EXIT_DONE)
        return code;
    for (uint32_t i = 0; i < found.count && i < limit; i++)
        json_push(&rows, letter_json(&found.letters[i], command->arena));
    all = json_array_done(&rows);
    if (command->is_json)
        print_json(command->arena, &all);
    else if (found.count == 0)
        printf("no dead letters\n");
    else
        table_print(command->arena, columns, ARRAY_SIZE(columns), &all);
    if (!command->is_json && found.count > limit)
        printf("… and %u more; --limit shows them\n", found.count - (uint32_t)limit);
    return EXIT_DONE;
}

static int show(DeadLetters *command) {
    Letter letter;
    int code = letters_find(command->letters, command->words[1], command->arena, &letter);

    if (code != EXIT_DONE)
        return code;
    if (command->is_raw)
        letter_print_raw(&letter);
    else if (command->is_json)
        letter_print_json(&letter, command->arena);
    else
        letter_print(&letter, command->arena);
    return EXIT_DONE;
}

/* The letter, if nobody has dealt with it yet. */
static int find_open(DeadLetters *command, Letter *ret_letter) {
    int code = letters_find(command->letters, command->words[1], command->arena, ret_letter);

    if (code != EXIT_DONE || ret_letter->how.length == 0)
        return code;
    fprintf(stderr, "headrace dead-letters: %s was dealt with before: %.*s by %.*s\n",
            command->words[1], STR_ARGS(ret_letter->how), STR_ARGS(ret_letter->how_by));
    return EXIT_NOT_DONE;
}

static int mark(DeadLetters *command, const Letter *letter, const char *how) {
    int code = letters_mark(command->letters, letter, how);

    if (code == EXIT_DONE && command->is_json)
        printf("{\"letter\":\"%s\",\"handled\":\"%s\"}\n", command->words[1], how);
    else if (code == EXIT_DONE)
        printf("%s: %s\n", command->words[1], how);
    return code;
}

/*
 * Sent first and marked then: whoever dies in between leaves a letter that can be replayed again,
 * and what comes twice has the ids of what came once.
 */
static int replay(DeadLetters *command) {
    Letter letter;
    int code = find_open(command, &letter);

    if (code != EXIT_DONE)
        return code;
    if (!command->is_sure) {
        fprintf(stderr,
                "headrace dead-letters: this sends %zu bytes to %.*s, partition %lld; do it with "
                "--yes\n",
                letter.value_bytes, STR_ARGS(letter.topic), (long long)letter.source_partition);
        return EXIT_NOT_DONE;
    }
    code = letters_send_back(command->letters, &letter);
    return code == EXIT_DONE ? mark(command, &letter, "REPLAYED") : code;
}

static int discard(DeadLetters *command) {
    Letter letter;
    int code = find_open(command, &letter);

    return code == EXIT_DONE ? mark(command, &letter, "DISCARDED") : code;
}

static const struct {
    const char *name;
    int (*run)(DeadLetters *command);
    bool has_place;
} verbs[] = {
    {"list",    list,    false},
    {"show",    show,    true },
    {"replay",  replay,  true },
    {"discard", discard, true },
};

static int run_verb(DeadLetters *command) {
    _cleanup_(letters_close_p) Letters *letters = NULL;
    int code;

    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
        if (strcmp(verbs[i].name, command->words[0]) != 0 ||
            verbs[i].has_place != (command->words[1] != NULL))
            continue;
        code = letters_open(command->brokers, &letters);
        command->letters = letters;
        return code == EXIT_DONE ? verbs[i].run(command) : code;
    }
    fputs(usage, stderr);
    return EXIT_USAGE;
}

int cmd_dead_letters(int argc, char **argv) {
    _cleanup_(arena_done) Arena arena = {0};
    DeadLetters command = {.arena = &arena};
    const Option options[] = {
        {"--reason", &command.filter.reason, NULL                       },
        {"--topic",  &command.filter.topic,  NULL                       },
        {"--limit",  &command.limit,         NULL                       },
        {"--kafka",  &command.brokers,       NULL                       },
        {"--all",    NULL,                   &command.filter.has_handled},
        {"--raw",    NULL,                   &command.is_raw            },
        {"--yes",    NULL,                   &command.is_sure           },
        {"--json",   NULL,                   &command.is_json           },
    };
    OptionsResult result =
        options_read(&(Options){"dead-letters", usage, options, ARRAY_SIZE(options), 1, 2}, argc,
                     argv, command.words);

    if (result.is_over)
        return result.code;
    arena_init(&arena, 0);
    return run_verb(&command);
}
