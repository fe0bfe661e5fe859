/* Programs: compiled, evaluated, freed. */

#include "common/expr/expr.h"

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/expr/compile_private.h"
#include "common/expr/value_private.h"

/* Longer programs are refused before anybody looks at them. */
#define EXPR_SOURCE_BYTES_MAX 8192

void expr_locate(Str source, ExprMistake *mistake) {
    size_t end = MIN(mistake->offset, source.length);

    mistake->line = 1;
    mistake->column = 1;
    for (size_t i = 0; i < end; i++) {
        if (source.data[i] == '\n') {
            mistake->line++;
            mistake->column = 1;
        } else {
            mistake->column++;
        }
    }
}

static int check_source(Compiler *compiler, Str source) {
    if (source.length > EXPR_SOURCE_BYTES_MAX)
        return expr_refuse(compiler, EXPR_E_TOO_LARGE, 0,
                           "the program has %zu bytes; %d are allowed", source.length,
                           EXPR_SOURCE_BYTES_MAX);
    if (!str_is_utf8(source))
        return expr_refuse(compiler, EXPR_E_SYNTAX, 0, "the program is not UTF-8");
    return 0;
}

static int compile(Compiler *compiler, Expr *expr) {
    Node *root;
    int r = check_source(compiler, compiler->text);

    if (r == 0)
        r = expr_parse(compiler, &root);
    if (r == 0)
        r = expr_resolve(compiler, root);
    if (r)
        return r;
    expr->root = root;
    expr_collect_refs(compiler, root, expr);
    return 0;
}

int expr_compile(Str source, const Str *names, size_t name_count, Expr **ret_expr,
                 ExprMistake *ret_mistake) {
    _cleanup_(expr_free_p) Expr *expr = alloc_zero(sizeof *expr);
    ExprMistake mistake = {0};
    Compiler compiler = {
        .arena = &expr->arena,
        .names = names,
        .name_count = name_count,
        .mistake = &mistake,
    };
    int r;

    expr->name_count = name_count;
    expr->source = str_copy(&expr->arena, source);
    compiler.text = expr->source;
    r = compile(&compiler, expr);
    if (r) {
        expr_locate(source, &mistake);
        if (ret_mistake != NULL)
            *ret_mistake = mistake;
        return r;
    }
    *ret_expr = expr;
    expr = NULL;
    return 0;
}

Expr *expr_free(Expr *expr) {
    if (expr == NULL)
        return NULL;
    arena_done(&expr->arena);
    alloc_free(expr);
    return NULL;
}

Str expr_source(const Expr *expr) {
    return expr->source;
}

const ExprRef *expr_refs(const Expr *expr, size_t *ret_count) {
    *ret_count = expr->ref_count;
    return expr->refs;
}

static const char *budget_message(int code) {
    switch (code) {
    case EXPR_E_STEPS:
        return "the evaluation takes too many steps";
    case EXPR_E_BYTES:
        return "the evaluation takes too much memory";
    case EXPR_E_DEPTH:
        return "the evaluation is nested too deeply";
    case EXPR_E_OUTPUTS:
        return "the program gives too many results";
    default:
        return "a regular expression takes too long";
    }
}

/* What an uncaught error says: its text, or that of its value. */
static void describe(Machine *machine, ExprMistake *mistake) {
    const Json *error = &machine->error;
    Text text = {.arena = machine->arena, .bytes_max = sizeof mistake->message * 4};
    size_t length;

    mistake->value = *error;
    if (value_is(error, JSON_STRING)) {
        text_add(&text, str_slice(json_str(error), 0, sizeof mistake->message));
    } else {
        machine->steps_left = (uint32_t)sizeof mistake->message;
        text_add(&text, STR("(not a string): "));
        /* The text is cut anyway. */
        (void)value_write(machine, &text, error);
    }
    length = MIN(text.length, sizeof mistake->message - 1);
    while (length < text.length && length > 0 && ((unsigned char)text.data[length] & 0xC0) == 0x80)
        length--;
    memcpy(mistake->message, text_str(&text).data, length);
    mistake->message[length] = '\0';
}

static int fail(Machine *machine, int r, ExprMistake *ret_mistake) {
    ExprMistake mistake = {.code = r, .line = 1, .column = 1};

    if (r == EXPR_E_RUNTIME)
        describe(machine, &mistake);
    else
        snprintf(mistake.message, sizeof mistake.message, "%s", budget_message(r));
    if (ret_mistake != NULL)
        *ret_mistake = mistake;
    return r;
}

static void machine_init(Machine *machine, const Expr *expr, const ExprContext *context) {
    machine->expr = expr;
    machine->context = context;
    machine->arena = context->arena;
    machine->arena_start = context->arena->used_bytes;
    machine->steps_left = context->budget.steps_max;
    machine->depth_max = MIN(context->budget.depth_max, (uint32_t)EXPR_DEPTH_MAX);
    machine->path = NULL;
    machine->env = NULL;
    machine->code = 0;
    machine->is_break = false;
    machine->path_root = (Path){0};
    machine->path_broken = (Path){.is_broken = true};
    memset(machine->tail, 0, sizeof machine->tail);
    machine->tail_object = (JsonObject){.arena = context->arena};
    machine->results = (JsonArray){.arena = context->arena};
}

static int eval_all(const Expr *expr, const Json *input, ExprSpending *spending,
                    JsonArray *ret_results, ExprMistake *ret_mistake) {
    Machine machine;
    int r;

    machine_init(&machine, expr, &spending->context);
    machine.node = expr->root;
    machine.value = *input;
    r = machine_run(&machine);
    spending->steps = spending->context.budget.steps_max - machine.steps_left;
    *ret_results = machine.results;
    return r ? fail(&machine, r, ret_mistake) : 0;
}

int expr_eval(const Expr *expr, const Json *input, const ExprContext *context,
              JsonArray *ret_results, ExprMistake *ret_mistake) {
    ExprSpending spending = {.context = *context};

    return eval_all(expr, input, &spending, ret_results, ret_mistake);
}

/* A simple program needs no machine, only its budgets. */
static int eval_plain(const Expr *expr, const Json *input, ExprSpending *spending, Json *ret_result,
                      ExprMistake *ret_mistake) {
    Machine machine;
    Json result;
    int r;

    machine_init(&machine, expr, &spending->context);
    r = eval_simple(&machine, expr->root, input, NULL, &result);
    if (r == 0)
        r = machine_room(&machine, 0);
    if (r == 0)
        r = value_check_result(&machine, &result);
    spending->steps = spending->context.budget.steps_max - machine.steps_left;
    if (r)
        return fail(&machine, r, ret_mistake);
    *ret_result = result;
    return 0;
}

int expr_eval_spending(const Expr *expr, const Json *input, ExprSpending *spending,
                       Json *ret_result, ExprMistake *ret_mistake) {
    JsonArray results;
    int r;

    if (expr->root->is_simple)
        return eval_plain(expr, input, spending, ret_result, ret_mistake);
    r = eval_all(expr, input, spending, &results, ret_mistake);
    if (r)
        return r;
    if (results.count != 1) {
        if (ret_mistake != NULL) {
            *ret_mistake = (ExprMistake){.code = EXPR_E_COUNT, .line = 1, .column = 1};
            snprintf(ret_mistake->message, sizeof ret_mistake->message,
                     "the program gives %u results; exactly one is wanted", results.count);
        }
        return EXPR_E_COUNT;
    }
    *ret_result = results.items[0];
    return 0;
}

int expr_eval_one(const Expr *expr, const Json *input, const ExprContext *context, Json *ret_result,
                  ExprMistake *ret_mistake) {
    ExprSpending spending = {.context = *context};

    return expr_eval_spending(expr, input, &spending, ret_result, ret_mistake);
}

const char *expr_code_name(int code) {
    static const char *const names[] = {
        [EXPR_E_SYNTAX] = "SYNTAX",       [EXPR_E_UNKNOWN] = "UNKNOWN",
        [EXPR_E_FORBIDDEN] = "FORBIDDEN", [EXPR_E_TOO_LARGE] = "TOO_LARGE",
        [EXPR_E_RUNTIME] = "RUNTIME",     [EXPR_E_STEPS] = "STEPS",
        [EXPR_E_BYTES] = "BYTES",         [EXPR_E_DEPTH] = "DEPTH",
        [EXPR_E_OUTPUTS] = "OUTPUTS",     [EXPR_E_REGEX] = "REGEX",
        [EXPR_E_COUNT] = "COUNT",
    };

    return code > 0 && (size_t)code < ARRAY_SIZE(names) ? names[code] : "";
}
