/* The machine's memory, budgets and errors, and the loop that drives it. */

#include "common/expr/value_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"

#define CONTROL_BYTES_MAX (256u << 10)

/* One step pays for so many units of work inside a builtin. */
#define UNITS_PER_STEP 64

static size_t bytes_used(const Machine *machine) {
    return machine->arena->used_bytes - machine->arena_start;
}

int machine_charge(Machine *machine, size_t units) {
    size_t steps = units / UNITS_PER_STEP;

    if (steps > machine->steps_left) {
        machine->steps_left = 0;
        return EXPR_E_STEPS;
    }
    machine->steps_left -= (uint32_t)steps;
    return 0;
}

int machine_room(Machine *machine, size_t bytes) {
    size_t used = bytes_used(machine), bytes_max = machine->context->budget.bytes_max;

    return used > bytes_max || bytes > bytes_max - used ? EXPR_E_BYTES : 0;
}

Text machine_text(Machine *machine) {
    size_t used = bytes_used(machine), bytes_max = machine->context->budget.bytes_max;

    return (Text){.arena = machine->arena, .bytes_max = used < bytes_max ? bytes_max - used : 1};
}

int machine_text_done(Machine *machine, const Text *text, Json *ret) {
    if (text->is_full)
        return EXPR_E_BYTES;
    *ret = json_string(text_str(text));
    return machine_charge(machine, text->length / 4);
}

int machine_raise(Machine *machine, Json error) {
    machine->error = error;
    machine->is_break = false;
    return EXPR_E_RUNTIME;
}

int machine_fail(Machine *machine, const char *format, ...) {
    char message[400];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return machine_raise(machine, json_string_copy(machine->arena, str_of(message)));
}

Next machine_refuse(Machine *machine, int r) {
    if (r == EXPR_E_RUNTIME)
        return NEXT_RAISE;
    machine->code = r;
    return NEXT_STOP;
}

/* A block that follows the current one, kept from before when it is large enough. */
static void control_grow(Machine *machine, size_t bytes) {
    Block *newer = machine->block->newer;
    size_t size = (size_t)(machine->block->end - machine->block->start) * 2;

    if (newer == NULL || (size_t)(newer->end - newer->start) < bytes) {
        size = MAX(MIN(size, (size_t)CONTROL_BYTES_MAX), bytes);
        newer = arena_alloc(machine->arena, sizeof *newer + size);
        newer->older = machine->block;
        newer->newer = NULL;
        newer->start = (char *)(newer + 1);
        newer->end = newer->start + size;
        machine->block->newer = newer;
    }
    machine->block = newer;
    machine->next = newer->start;
}

static void *control_alloc(Machine *machine, size_t bytes) {
    void *place;

    bytes = (bytes + 15) & ~(size_t)15;
    if ((size_t)(machine->block->end - machine->next) < bytes)
        control_grow(machine, bytes);
    place = machine->next;
    machine->next += bytes;
    return place;
}

Frame *machine_push(Machine *machine, FrameKind kind, const Node *node) {
    Frame *frame = control_alloc(machine, sizeof *frame);

    *frame = (Frame){
        .older = machine->frame,
        .block = machine->block,
        .node = node,
        .env = machine->env,
        .path = machine->path,
        .value = machine->value,
        .depth = machine->frame ? machine->frame->depth + 1 : 0,
        .kind = (uint8_t)kind,
    };
    machine->frame = frame;
    return frame;
}

Choice *machine_choose(Machine *machine, ChoiceKind kind, const Node *node) {
    char *mark_next = machine->next;
    Block *mark_block = machine->block;
    Choice *choice = control_alloc(machine, sizeof *choice);

    choice->older = machine->choice;
    choice->block = machine->block;
    choice->mark_next = mark_next;
    choice->mark_block = mark_block;
    choice->node = node;
    choice->env = machine->env;
    choice->frame = machine->frame;
    choice->path = machine->path;
    choice->other = NULL;
    choice->value = machine->value;
    choice->result_path = NULL;
    choice->count = 0;
    choice->kind = (uint8_t)kind;
    machine->choice = choice;
    return choice;
}

void machine_drop(Machine *machine, Choice *choice) {
    machine->choice = choice->older;
    machine->block = choice->mark_block;
    machine->next = choice->mark_next;
}

bool machine_is_newest(const Machine *machine, const Choice *choice) {
    return machine->choice == choice;
}

Cell *machine_cell(Machine *machine, const Cell *older) {
    Cell *cell = control_alloc(machine, sizeof *cell);

    cell->older = older;
    return cell;
}

const Cell *machine_bind(Machine *machine, const Cell *older, Json value) {
    Cell *cell = machine_cell(machine, older);

    cell->value = value;
    return cell;
}

const Cell *cell_at(const Cell *env, uint32_t skip) {
    while (skip-- > 0)
        env = env->older;
    return env;
}

/* Whether place lies in the control memory behind the newest choice. */
static bool is_behind_choice(const Machine *machine, const Block *block, const char *place) {
    const Choice *choice = machine->choice;

    if (block == choice->block)
        return place > (const char *)choice;
    /* Blocks are few: they double in size. */
    for (const Block *older = block->older; older != NULL; older = older->older) {
        if (older == choice->block)
            return true;
    }
    return false;
}

/*
 * A result goes to the newest frame. When no choice was made since the frame was pushed nobody else
 * will come back to it, so that its memory and everything behind it is free again.
 */
static Next take_frame(Machine *machine) {
    Frame frame = *machine->frame;
    char *place = (char *)(uintptr_t)machine->frame;

    if (is_behind_choice(machine, frame.block, place)) {
        machine->block = frame.block;
        machine->next = place;
    }
    machine->frame = frame.older;
    machine->env = frame.env;
    return eval_frame(machine, &frame);
}

/* A step costs one; the budgets of memory and depth are looked at on the way. */
static int spend(Machine *machine) {
    if (machine->steps_left == 0)
        return EXPR_E_STEPS;
    machine->steps_left--;
    if (bytes_used(machine) > machine->context->budget.bytes_max)
        return EXPR_E_BYTES;
    if (machine->frame->depth > machine->depth_max)
        return EXPR_E_DEPTH;
    return 0;
}

/* The choice stays until it says that it is done; everything behind it is free. */
static Next take_choice(Machine *machine) {
    Choice *choice = machine->choice;

    machine->block = choice->block;
    machine->next = (char *)choice + ((sizeof *choice + 15) & ~(size_t)15);
    machine->frame = choice->frame;
    machine->env = choice->env;
    machine->path = choice->path;
    if (choice->kind == CHOICE_END)
        return NEXT_STOP;
    machine->code = spend(machine);
    return machine->code ? NEXT_STOP : eval_choice(machine, choice);
}

static Next caught(Machine *machine, Choice *choice) {
    const Node *node = choice->node;

    machine->frame = choice->frame;
    machine->env = choice->env;
    machine->path = choice->path;
    machine->value = choice->value;
    if (choice->kind == CHOICE_CHOOSE) {
        /* The next pattern, if there is one, is tried by going back to the choice. */
        if (choice->node->next == NULL) {
            machine_drop(machine, choice);
            return NEXT_RAISE;
        }
        choice->is_found = true;
        return NEXT_BACK;
    }
    machine_drop(machine, choice);
    if (node->b == NULL)
        return NEXT_BACK;
    machine->value = machine->error;
    if (machine->path != NULL)
        machine->path = &machine->path_broken;
    machine->node = node->b;
    return NEXT_EVAL;
}

/* An error, or a break, goes back until somebody catches it. */
static Next raise_on(Machine *machine) {
    for (;;) {
        Choice *choice = machine->choice;

        if (machine->is_break && choice == machine->target) {
            machine_drop(machine, choice);
            return NEXT_BACK;
        }
        switch (choice->kind) {
        case CHOICE_END:
            machine->code = EXPR_E_RUNTIME;
            return NEXT_STOP;
        case CHOICE_OUTSIDE:
            if (!machine->is_break) {
                machine_drop(machine, choice->other);
                continue;
            }
            break;
        case CHOICE_TRY:
        case CHOICE_CHOOSE:
            if (!machine->is_break)
                return caught(machine, choice);
            break;
        default:
            break;
        }
        machine_drop(machine, choice);
    }
}

/* Simple nodes pay for themselves. */
static Next step(Machine *machine) {
    if (machine->node->is_simple)
        return eval_node(machine, machine->node);
    machine->code = spend(machine);
    return machine->code ? NEXT_STOP : eval_node(machine, machine->node);
}

int machine_run(Machine *machine) {
    Next next = NEXT_EVAL;

    machine->first = (Block){
        .start = machine->first_bytes,
        .end = machine->first_bytes + CONTROL_BYTES_FIRST,
    };
    machine->block = &machine->first;
    machine->next = machine->block->start;
    machine->frame = NULL;
    machine->choice = NULL;
    machine_push(machine, FRAME_END, NULL);
    machine_choose(machine, CHOICE_END, NULL);

    for (;;) {
        switch (next) {
        case NEXT_EVAL:
            next = step(machine);
            break;
        case NEXT_RETURN:
            next = take_frame(machine);
            break;
        case NEXT_BACK:
            next = take_choice(machine);
            break;
        case NEXT_RAISE:
            next = raise_on(machine);
            break;
        case NEXT_STOP:
            return machine->code;
        }
    }
}
