#pragma once

/*
 * Machine: one evaluation. It never recurses on the C stack because of a program or a value, except
 * in simple nodes (bounded by EXPR_HEIGHT_MAX) and in walks over values (bounded by the depth
 * budget).
 *
 * The machine stands at a node with an input, or returns a result to a frame, or goes back to the
 * newest choice to look for another result, or looks for somebody who catches an error.
 *
 * Words
 *   frame     what is to be done with a result; frames form a chain that ends at the evaluation
 *   choice    a place to come back to: more results, the end of a collection, a catcher of errors
 *   cell      one binding: a value, a closure (a node and its environment) or a choice
 *   path      where the current value lies in the input of path(…); NULL while nobody asks
 *
 * Frames, cells and choices live in the control memory, a stack that shrinks when the machine goes
 * back to a choice. Values and paths live in the arena.
 */

#include <stdbool.h>
#include <stdint.h>

#include "common/expr/text_private.h"
#include "common/expr/tree_private.h"

typedef struct Machine Machine;
typedef struct Frame Frame;
typedef struct Choice Choice;
typedef struct Cell Cell;
typedef struct Path Path;
typedef struct Block Block;

struct Path {
    const Path *parent; /* NULL: the root, or broken */
    Json key;
    uint32_t length;
    bool is_broken; /* the value is no part of the input */
};

struct Cell {
    const Cell *older;
    union {
        Json value;
        struct {
            const Node *node;
            const Cell *env;
        } closure;
        Choice *choice;
    };
};

/* What happens next. */
typedef enum Next {
    NEXT_EVAL,   /* machine.node with machine.value */
    NEXT_RETURN, /* machine.value goes to machine.frame */
    NEXT_BACK,   /* to the newest choice */
    NEXT_RAISE,  /* machine.error looks for a catcher */
    NEXT_STOP,   /* machine.code says why; 0: everything is done */
} Next;

typedef enum FrameKind {
    FRAME_END,       /* a result of the whole program */
    FRAME_PIPE,      /* node->b */
    FRAME_FIELD,     /* navigate by node */
    FRAME_INDEX_KEY, /* the key is here, evaluate the target */
    FRAME_INDEX,     /* the target is here, the key is in the frame */
    FRAME_SLICE_FROM,
    FRAME_SLICE_TO,
    FRAME_SLICE,
    FRAME_ITERATE,
    FRAME_BINARY_RIGHT, /* the right operand is here, evaluate the left */
    FRAME_BINARY,       /* the left operand is here */
    FRAME_NEGATE,
    FRAME_LOGIC, /* the left side of and/or is here */
    FRAME_TRUTH, /* the right side is here */
    FRAME_ALTERNATIVE,
    FRAME_IF,
    FRAME_TRY,
    FRAME_COLLECT,
    FRAME_KEY,   /* an object's key is here */
    FRAME_VALUE, /* an object's value is here */
    FRAME_PART,  /* a part of a text is here */
    FRAME_AS,
    FRAME_REDUCE_INIT,
    FRAME_FOREACH_INIT,
    FRAME_ITEM, /* an item of reduce or foreach is here */
    FRAME_REDUCE,
    FRAME_FOREACH,
    FRAME_ARGUMENT,
    FRAME_PATH,
    FRAME_FIRST,
    FRAME_LIMIT,
    _FRAME_KIND_COUNT,
} FrameKind;

struct Frame {
    const Frame *older;
    Block *block;
    const Node *node;
    const Node *part; /* the entry, part or argument at hand */
    const Cell *env;
    const Path *path;
    Choice *choice;
    Json value;  /* mostly the input the node was evaluated with */
    Json *built; /* arguments or parts so far */
    uint32_t depth;
    uint8_t kind;
};

typedef enum ChoiceKind {
    CHOICE_END,         /* nothing is left */
    CHOICE_NODE,        /* evaluate node with value */
    CHOICE_ITERATE,     /* the next element of value */
    CHOICE_RANGE,       /* the next number */
    CHOICE_ALTERNATIVE, /* node->b, unless something was found */
    CHOICE_TRY,         /* catches errors */
    CHOICE_OUTSIDE,     /* errors from here on are not caught by `other` */
    CHOICE_COLLECT,     /* the array is complete */
    CHOICE_REDUCE,      /* the items are over, value is the result */
    CHOICE_MARK,        /* only a place: label, first, limit, foreach */
    CHOICE_CHOOSE,      /* the next pattern of ?// */
} ChoiceKind;

struct Choice {
    Choice *older;
    Block *block;
    char *mark_next; /* control memory before the choice was made */
    Block *mark_block;
    const Node *node;
    const Cell *env;
    const Frame *frame;
    const Path *path;
    Choice *other;
    Json value;
    const Path *result_path; /* of reduce */
    union {
        JsonArray collected;
        struct {
            double next, end, by;
        } range;
        uint64_t count; /* index of the element; results still allowed */
        bool is_found;
    };
    uint8_t kind;
};

/* However large the budget: walks over values recurse so deep at most. */
#define EXPR_DEPTH_MAX 5000

/* The control memory's first bytes lie in the machine, so that small programs need no other. */
#define CONTROL_BYTES_FIRST 2048

struct Block {
    Block *older;
    Block *newer;
    char *start;
    char *end;
};

struct Machine {
    const Expr *expr;
    const ExprContext *context;
    Arena *arena;
    size_t arena_start;
    uint32_t steps_left;
    uint32_t depth_max;

    const Node *node;
    Json value;
    const Path *path;
    const Cell *env;
    const Frame *frame;
    Choice *choice;

    Block *block;
    char *next;

    int code;      /* why the evaluation stopped */
    Json error;    /* what was raised */
    bool is_break; /* a break to `target` is on its way instead of an error */
    Choice *target;
    Path path_root;
    Path path_broken;
    JsonArray results;

    /* The list that was appended to last: it can grow in place. */
    struct {
        const void *data;
        uint32_t count;
        uint32_t capacity;
    } tail[2]; /* of arrays, of strings */
    JsonObject tail_object;

    Block first;
    _Alignas(16) char first_bytes[CONTROL_BYTES_FIRST];
};
