#pragma once

/*
 * Template: a mapping value. Any JSON value in which strings may hold `${ program }`.
 *
 * A string that is exactly one `${ … }` keeps the result's type; any character around it, spaces
 * too, makes a string, into which values enter by `tostring`. `$${` writes `${`. Everything else is
 * literal; nesting is allowed. Object keys are literal.
 *
 * Mistakes name the place by a JSON pointer relative to the mapping value.
 */

#include "common/expr/expr.h"

typedef struct Template Template;

typedef struct TemplateMistake {
    char pointer[200]; /* "" or "/headers/x" */
    ExprMistake mistake;
} TemplateMistake;

/* Reports each broken program once, up to mistakes_max; returns how many there were. */
size_t template_compile(const Json *value, const Str *names, size_t name_count,
                        TemplateMistake *mistakes, size_t mistakes_max, Template **ret_template);
Template *template_free(Template *template);
CLEANUP_POINTER(Template, template_free);

bool template_is_literal(const Template *template); /* holds no program */

/* Calls fn for each ref of each program with its pointer; stops when fn returns false. */
typedef bool (*TemplateRefFn)(void *context, Str pointer, const ExprRef *ref);
void template_refs(const Template *template, TemplateRefFn fn, void *context);

/* The value with every program evaluated. Refusals are those of expr_eval_one(). */
int template_eval(const Template *template, const Json *scope, const ExprContext *context,
                  Arena *arena, Json *ret_value, TemplateMistake *ret_mistake);

/*
 * The same, but a string or object member whose program reads `.secrets` is left as a placeholder
 * object {"$late": {"source": "…", "values": {…}}}: source is the mapping string, values holds
 * exactly the non-secret roots it reads, already evaluated. template_open() evaluates the
 * placeholders of such a value later, where the secrets are known; opened parts are given twice: as
 * they are, and with
 * `[secret KEY]` in the place of every secret's text, for what is stored.
 */
int template_eval_late(const Template *template, const Json *scope, const ExprContext *context,
                       Arena *arena, Json *ret_value, TemplateMistake *ret_mistake);
int template_open(const Json *value, const Json *secrets, const ExprContext *context, Arena *arena,
                  Json *ret_value, Json *ret_redacted, TemplateMistake *ret_mistake);
