#pragma once

/*
 * Template: a mapping value. Any JSON value in which strings may hold `${ program }`.
 *
 * A string that is exactly one `${ … }` keeps the result's type; any character around it, spaces
 * too, makes a string, into which values enter by `tostring`. `$${` writes `${`. Everything else is
 * literal; nesting is allowed. Object keys are literal; the key "$late" is reserved.
 *
 * Mistakes name the place by a JSON pointer relative to the mapping value; their offset, line and
 * column count from the start of the string that holds the program.
 */

#include "common/expr/expr.h"

typedef struct Template Template;

typedef struct TemplateMistake {
    char pointer[200]; /* "" or "/headers/x" */
    ExprMistake mistake;
} TemplateMistake;

/*
 * Reports each broken program once, up to mistakes_max; returns how many there were, and makes a
 * template only when there was none.
 */
size_t template_compile(const Json *value, TemplateMistake *mistakes, size_t mistakes_max,
                        Template **ret_template);
Template *template_free(Template *template);
CLEANUP_POINTER(Template, template_free);

bool template_is_literal(const Template *template); /* holds no program */
bool template_is_late(const Template *template);    /* a program of it reads `.secrets` */

/* Calls fn for each ref of each program with its pointer; stops when fn returns false. */
typedef bool (*TemplateRefFn)(void *context, Str pointer, const ExprRef *ref);
void template_refs(const Template *template, TemplateRefFn fn, void *context);

/*
 * The value with every program evaluated. Refusals are those of expr_eval_one(). The budget of
 * bytes is that of the whole, and so are ten times the steps that one program may take.
 */
int template_eval(const Template *template, const Json *scope, const ExprContext *context,
                  Json *ret_value, TemplateMistake *ret_mistake);

/*
 * The same, but strings whose programs read `.secrets` are left for template_open(). When there are
 * any the result is an envelope
 *
 *     {"$late": {"value": …, "places": [{"pointer": "/headers/x", "source": "…", "values": {…}}]}}
 *
 * where value has null in each such place, source is the mapping string and values holds exactly
 * what else it reads. Data cannot pose as an envelope: a result that is one itself is wrapped.
 */
int template_eval_late(const Template *template, const Json *scope, const ExprContext *context,
                       Json *ret_value, TemplateMistake *ret_mistake);

typedef struct TemplateOpened {
    Json value;
    Json redacted; /* evaluated with `[secret KEY]` as the value of each secret; for what is stored
                    */
} TemplateOpened;

/* secrets is an object. What is no envelope is given back as it is. */
int template_open(const Json *value, const Json *secrets, const ExprContext *context,
                  TemplateOpened *ret_opened, TemplateMistake *ret_mistake);
