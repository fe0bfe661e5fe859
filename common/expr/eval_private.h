#pragma once

/* What the files of the machine offer each other. */

#include "common/expr/machine_private.h"

/* Budgets: 0, or the refusal; machine_charge() counts work that is proportional to units. */
int machine_charge(Machine *machine, size_t units);
int machine_room(Machine *machine, size_t bytes);
Text machine_text(Machine *machine);                                  /* limited by what is left */
int machine_text_done(Machine *machine, const Text *text, Json *ret); /* a string */

/* EXPR_E_RUNTIME with the message. */
int machine_fail(Machine *machine, const char *format, ...) _printf_(2, 3);
int machine_raise(Machine *machine, Json error);
Next machine_refuse(Machine *machine, int r); /* what a refusal of an operation means */

Frame *machine_push(Machine *machine, FrameKind kind, const Node *node);
Choice *machine_choose(Machine *machine, ChoiceKind kind, const Node *node);
void machine_drop(Machine *machine, Choice *choice); /* it and everything newer */
const Cell *machine_bind(Machine *machine, const Cell *older, Json value);
Cell *machine_cell(Machine *machine, const Cell *older);
const Cell *cell_at(const Cell *env, uint32_t skip);
bool machine_is_newest(const Machine *machine, const Choice *choice);

int machine_run(Machine *machine);

/* Simple nodes. */
int eval_simple(Machine *machine, const Node *node, const Json *input, const Cell *env,
                Json *ret_value);
int eval_part(Machine *machine, const Builtin *format, const Json *value, Text *text);

/* The tables of eval.c, eval_frame.c and eval_choice.c. */
Next eval_node(Machine *machine, const Node *node);
Next eval_frame(Machine *machine, const Frame *frame);
Next eval_choice(Machine *machine, Choice *choice);
Next eval_entry(Machine *machine, const Frame *frame, const Node *entry, const Json *object);
Next eval_parts(Machine *machine, const Frame *frame);
Next eval_arguments(Machine *machine, const Frame *frame);
Next eval_into(Machine *machine, int r, Json value, const Json *key); /* down one step of a path */
const Path *path_down(Machine *machine, const Path *path, Json key);
Json path_array(Machine *machine, const Path *path);
/* Refuses to go on from a value that is no part of the input; key: where to, NULL: nowhere. */
int path_check(Machine *machine, const Json *value, const Json *key);
