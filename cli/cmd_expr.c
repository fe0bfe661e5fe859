/*
 * headrace expr: a program on any number of JSON values from standard input, one compact result a
 * line.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "common/base/alloc.h"
#include "common/base/arena.h"
#include "common/base/buf.h"
#include "common/expr/expr.h"
#include "common/io/clock.h"

enum {
    EXIT_COMPILE = 3, /* the program is not one */
    EXIT_RUNTIME = 5, /* it failed, or passed its budgets */
};

/* On the command line results are printed, not stored; the steps bound them too. */
#define OUTPUTS_MAX 100000

static const char usage[] =
    "usage: headrace expr PROGRAM [--args JSON] < input\n"
    "\n"
    "Evaluates the program on each JSON value of the input and prints each result on a line.\n"
    "\n"
    "  --args JSON   an object; each member NAME is the variable $NAME\n"
    "\n"
    "Exit codes: 0 done, 2 the input is not JSON, 3 the program does not compile,\n"
    "5 the program failed, 64 wrong usage.\n";

typedef struct ExprCommand {
    const char *program;
    Arena arena; /* of the arguments */
    Json args;
    Str *names;
    Json *values;
} ExprCommand;

static void print_mistake(Str source, const ExprMistake *mistake) {
    size_t start = mistake->offset, end = mistake->offset;

    fprintf(stderr, "headrace expr: %s\n  at line %u, column %u\n", mistake->message, mistake->line,
            mistake->column);
    if (mistake->offset > source.length)
        return;
    while (start > 0 && source.data[start - 1] != '\n')
        start--;
    while (end < source.length && source.data[end] != '\n')
        end++;
    fprintf(stderr, "  %.*s\n  ", (int)(end - start), source.data + start);
    /* The caret stands below the character: tabs stay tabs, other bytes of a character are none. */
    for (size_t i = start; i < mistake->offset; i++) {
        if (source.data[i] == '\t')
            fputc('\t', stderr);
        else if (((unsigned char)source.data[i] & 0xC0) != 0x80)
            fputc(' ', stderr);
    }
    fprintf(stderr, "^\n");
}

static int refuse_args(const char *why) {
    fprintf(stderr, "headrace expr: --args %s\n\n%s", why, usage);
    return EXIT_USAGE;
}

static int read_args(ExprCommand *command, const char *text) {
    if (json_parse(&command->arena, str_of(text), JSON_LIMITS_DEFAULT, &command->args, NULL))
        return refuse_args("is not JSON");
    if (!json_is(&command->args, JSON_OBJECT))
        return refuse_args("is not an object");
    command->names = arena_zero(&command->arena, command->args.count * sizeof(Str) + 1);
    command->values = arena_zero(&command->arena, command->args.count * sizeof(Json) + 1);
    for (uint32_t i = 0; i < command->args.count; i++) {
        command->names[i] = command->args.members[i].key;
        command->values[i] = command->args.members[i].value;
    }
    return 0;
}

static int read_command(ExprCommand *command, int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        int r = 0;

        if (strcmp(argv[i], "--args") == 0) {
            if (i + 1 == argc)
                return refuse_args("needs a value");
            r = read_args(command, argv[++i]);
        } else if (command->program == NULL) {
            command->program = argv[i];
        } else {
            fprintf(stderr, "headrace expr: unexpected argument %s\n\n%s", argv[i], usage);
            r = EXIT_USAGE;
        }
        if (r)
            return r;
    }
    if (command->program != NULL)
        return 0;
    fprintf(stderr, "headrace expr: no program\n\n%s", usage);
    return EXIT_USAGE;
}

static void read_input(Buf *input) {
    size_t got;

    do {
        char *to = buf_reserve(input, 65536);

        got = fread(to, 1, 65536, stdin);
        input->length += got;
    } while (got > 0);
    buf_add_str(input, STR(""));
}

/* Behind the closing quote of a text that starts with one. */
static size_t string_length(Str text) {
    size_t i = 1;

    while (i < text.length && text.data[i] != '"')
        i += text.data[i] == '\\' ? 2 : 1;
    return MIN(i + 1, text.length);
}

/* The length of the first JSON value of a text that starts with one; mistakes are the parser's. */
static size_t value_length(Str text) {
    size_t depth = 0, i = 0;

    if (strchr("[{\"", text.data[0]) == NULL) {
        while (i < text.length && strchr("[{\" \t\r\n", text.data[i]) == NULL)
            i++;
        return i;
    }
    do {
        char c = text.data[i];

        if (c == '[' || c == '{')
            depth++;
        if ((c == ']' || c == '}') && depth > 0)
            depth--;
        i += c == '"' ? string_length(str_slice(text, i, text.length)) : 1;
    } while (depth > 0 && i < text.length);
    return i;
}

static int eval_value(const ExprCommand *command, const Expr *program, const Json *input,
                      Arena *arena) {
    JsonArray results = {0};
    ExprBudget budget = EXPR_BUDGET_DEFAULT;
    ExprMistake mistake;
    int r;

    budget.outputs_max = OUTPUTS_MAX;
    r = expr_eval(program, input,
                  &(ExprContext){
                      .now_ms = clock_now_ms(),
                      .values = command->values,
                      .budget = budget,
                      .arena = arena,
                  },
                  &results, &mistake);
    for (uint32_t i = 0; i < results.count; i++) {
        Str text = json_text(arena, &results.items[i]);

        fwrite(text.data, 1, text.length, stdout);
        fputc('\n', stdout);
    }
    if (r == 0)
        return 0;
    fflush(stdout);
    fprintf(stderr, "headrace expr: %s (%s)\n", mistake.message, expr_code_name(r));
    return EXIT_RUNTIME;
}

static int eval_all(const ExprCommand *command, const Expr *program, Str rest) {
    int exit_code = 0;

    for (;;) {
        _cleanup_(arena_done) Arena arena = {0};
        JsonMistake mistake;
        Json input;
        size_t length;

        while (rest.length > 0 && strchr(" \t\r\n", rest.data[0]) != NULL)
            rest = str_slice(rest, 1, rest.length);
        if (rest.length == 0)
            return exit_code;
        length = value_length(rest);
        if (json_parse(&arena, str_slice(rest, 0, length), JSON_LIMITS_DEFAULT, &input, &mistake)) {
            fflush(stdout);
            fprintf(stderr, "headrace expr: the input is not JSON: %s\n", mistake.message);
            return EXIT_INVALID;
        }
        exit_code = MAX(exit_code, eval_value(command, program, &input, &arena));
        rest = str_slice(rest, length, rest.length);
    }
}

static int run(const ExprCommand *command) {
    _cleanup_(expr_free_p) Expr *program = NULL;
    _cleanup_(buf_done) Buf input = {0};
    ExprMistake mistake;
    Str rest;

    if (expr_compile(str_of(command->program), command->names, command->args.count, &program,
                     &mistake)) {
        print_mistake(str_of(command->program), &mistake);
        return EXIT_COMPILE;
    }
    read_input(&input);
    rest = buf_str(&input);
    /* A byte order mark is no part of JSON, but of many files. */
    if (str_starts(rest, STR("\xEF\xBB\xBF")))
        rest = str_slice(rest, 3, rest.length);
    return eval_all(command, program, rest);
}

int cmd_expr(int argc, char **argv) {
    ExprCommand command = {.args = json_object(NULL, 0)};
    int exit_code = 0;

    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    exit_code = read_command(&command, argc, argv);
    if (exit_code == 0)
        exit_code = run(&command);
    arena_done(&command.arena);
    return exit_code;
}
