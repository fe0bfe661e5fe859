/* Reads expr_cases.txt: programs, their input and what they give. The file says how it is written.
 */

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/buf.h"
#include "common/expr/expr.h"

#define CASES_PATH "tests/unit/expr_cases.txt"
#define LINE_BYTES_MAX 65536

typedef struct Case {
    int line; /* of the program */
    Buf program;
    Buf results;    /* one a line */
    char *message;  /* of the failure, or NULL */
    bool is_broken; /* the message is the compiler's */
} Case;

static char input[LINE_BYTES_MAX];
static Arena arena;
static int case_count;

static void check_results(const Case *one, const JsonArray *results) {
    _cleanup_(buf_done) Buf found = {0};

    for (uint32_t i = 0; i < results->count; i++) {
        json_write(&found, &results->items[i]);
        buf_add_char(&found, '\n');
    }
    buf_add_text(&found, "");
    cr_expect_str_eq(found.data, one->results.data, "line %d: %s", one->line, one->program.data);
}

static void check_message(const Case *one, int r, const char *message) {
    if (one->message == NULL)
        cr_expect_eq(r, 0, "line %d: %s: %s", one->line, one->program.data, message);
    else
        cr_expect(r > 0 && strstr(message, one->message) != NULL, "line %d: %s: %d %s", one->line,
                  one->program.data, r, message);
}

static void run_case(const Case *one) {
    _cleanup_(expr_free_p) Expr *expr = NULL;
    ExprMistake mistake = {.message = ""};
    ExprContext context = {.budget = EXPR_BUDGET_DEFAULT, .arena = &arena};
    JsonArray results = {0};
    Json value;
    int r;

    case_count++;
    r = expr_compile(buf_str(&one->program), NULL, 0, &expr, &mistake);
    if (r || one->is_broken) {
        cr_expect(one->is_broken, "line %d: %s: %s", one->line, one->program.data, mistake.message);
        check_message(one, r, mistake.message);
        return;
    }
    cr_assert_eq(json_parse(&arena, str_of(input), JSON_LIMITS_DEFAULT, &value, NULL), 0,
                 "line %d: the input is not JSON", one->line);
    r = expr_eval(expr, &value, &context, &results, &mistake);
    check_message(one, r, mistake.message);
    check_results(one, &results);
    arena_reset(&arena);
}

static void end_case(Case *one) {
    if (one->program.length > 0) {
        buf_add_text(&one->results, "");
        run_case(one);
    }
    buf_done(&one->program);
    buf_done(&one->results);
    free(one->message);
    *one = (Case){0};
}

static void take_program(Case *one, const char *text, int number) {
    if (one->results.length > 0 || one->message != NULL)
        end_case(one);
    if (one->program.length > 0)
        buf_add_char(&one->program, '\n');
    else
        one->line = number;
    buf_add_text(&one->program, text);
}

static void take_line(Case *one, char *line, int number) {
    line[strcspn(line, "\n")] = '\0';
    if (line[0] == '<') {
        end_case(one);
        snprintf(input, sizeof input, "%s", line + 2);
    } else if (line[0] == '=') {
        take_program(one, line + 2, number);
    } else if (line[0] == '>') {
        buf_add_text(&one->results, line + 2);
        buf_add_char(&one->results, '\n');
    } else if (line[0] == '!') {
        one->is_broken = line[1] == '!';
        one->message = strdup(line + (one->is_broken ? 3 : 2));
    } else {
        cr_assert(line[0] == '#' || line[0] == '\0', "line %d: %s", number, line);
        end_case(one);
    }
}

Test(expr_cases, every_program_gives_what_the_file_says) {
    static char line[LINE_BYTES_MAX];
    FILE *file = fopen(CASES_PATH, "r");
    Case one = {0};

    cr_assert(file != NULL, "%s", CASES_PATH);
    for (int number = 1; fgets(line, sizeof line, file) != NULL; number++)
        take_line(&one, line, number);
    end_case(&one);
    fclose(file);
    arena_done(&arena);
    cr_expect_gt(case_count, 300, "only %d cases", case_count);
}
