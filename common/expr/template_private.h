#pragma once

/* The template's own tree, shared by its files. */

#include "common/expr/compile_private.h"
#include "common/expr/template.h"

typedef enum PieceKind {
    PIECE_LITERAL, /* value, programs nowhere below */
    PIECE_PROGRAM, /* expr */
    PIECE_TEXT,    /* pieces in first, joined as text */
    PIECE_ARRAY,   /* pieces in first */
    PIECE_OBJECT,  /* pieces in first, each with its key */
} PieceKind;

typedef struct Piece Piece;
struct Piece {
    PieceKind kind;
    bool is_late; /* a program or text that reads `.secrets` */
    uint32_t index;
    const Piece *parent;
    Piece *first;
    Piece *next;
    Str key;
    Json value;    /* the literal, or the string of a program or text */
    size_t offset; /* of the program in its string */
    Expr *expr;
};

struct Template {
    Arena arena;
    Piece *root;
    uint32_t program_count;
    bool is_late;
};

/* The JSON pointer of a piece. */
Str piece_pointer(Arena *arena, const Piece *piece);

/* Evaluation of a whole template. */
typedef struct TemplateTurn {
    const Json *scope;
    ExprContext context;
    size_t arena_start;
    uint64_t steps_left;
    bool leaves_late;
    JsonArray places; /* of what is left for later */
    TemplateMistake *mistake;
} TemplateTurn;

int piece_eval(TemplateTurn *turn, const Piece *piece, Json *ret_value);
int piece_refuse(TemplateTurn *turn, const Piece *piece, const ExprMistake *mistake);
bool piece_reads_secrets(const Piece *piece);

/* {pointer, source, values} of a late piece. */
Json late_place(Arena *arena, const Piece *piece, const Json *scope);
