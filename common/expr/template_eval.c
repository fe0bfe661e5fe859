/* Mapping values: evaluated. */

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/expr/template_private.h"
#include "common/expr/text_private.h"

/* All programs of a template together may take so many times the steps of one. */
#define TEMPLATE_STEPS_FACTOR 10

int piece_refuse(TemplateTurn *turn, const Piece *piece, const ExprMistake *mistake) {
    Str pointer = piece_pointer(turn->context.arena, piece);

    if (turn->mistake != NULL) {
        *turn->mistake = (TemplateMistake){.mistake = *mistake};
        snprintf(turn->mistake->pointer, sizeof turn->mistake->pointer, "%.*s", STR_ARGS(pointer));
    }
    return mistake->code;
}

static int refuse_bytes(TemplateTurn *turn, const Piece *piece) {
    ExprMistake mistake = {.code = EXPR_E_BYTES, .line = 1, .column = 1};

    snprintf(mistake.message, sizeof mistake.message, "the evaluation takes too much memory");
    return piece_refuse(turn, piece, &mistake);
}

static size_t bytes_left(const TemplateTurn *turn) {
    size_t used = turn->context.arena->used_bytes - turn->arena_start;
    size_t bytes_max = turn->context.budget.bytes_max;

    return used < bytes_max ? bytes_max - used : 0;
}

static int eval_program(TemplateTurn *turn, const Piece *piece, Json *ret_value) {
    ExprSpending spending = {.context = turn->context};
    ExprMistake mistake;
    int r;

    spending.context.budget.bytes_max = bytes_left(turn);
    spending.context.budget.steps_max =
        (uint32_t)MIN((uint64_t)turn->context.budget.steps_max, turn->steps_left);
    r = expr_eval_spending(piece->expr, turn->scope, &spending, ret_value, &mistake);
    turn->steps_left -= spending.steps;
    return r ? piece_refuse(turn, piece, &mistake) : 0;
}

static int eval_text(TemplateTurn *turn, const Piece *piece, Json *ret_value) {
    Text text = {.arena = turn->context.arena};

    for (const Piece *part = piece->first; part != NULL; part = part->next) {
        Json value = part->value;
        int r = part->kind == PIECE_PROGRAM ? eval_program(turn, part, &value) : 0;

        if (r)
            return r;
        text.bytes_max = text.length + MAX(bytes_left(turn), (size_t)1);
        if (json_is(&value, JSON_STRING))
            text_add(&text, json_str(&value));
        else
            text_add(&text, json_text(text.arena, &value));
        if (text.is_full || bytes_left(turn) == 0)
            return refuse_bytes(turn, piece);
    }
    *ret_value = json_string(text_str(&text));
    return 0;
}

static int eval_array(TemplateTurn *turn, const Piece *piece, Json *ret_value) {
    JsonArray array = {.arena = turn->context.arena};

    for (const Piece *child = piece->first; child != NULL; child = child->next) {
        Json value;
        int r = piece_eval(turn, child, &value);

        if (r)
            return r;
        json_push(&array, value);
    }
    *ret_value = json_array_done(&array);
    return 0;
}

static int eval_object(TemplateTurn *turn, const Piece *piece, Json *ret_value) {
    JsonObject object = {.arena = turn->context.arena};

    for (const Piece *child = piece->first; child != NULL; child = child->next) {
        Json value;
        int r = piece_eval(turn, child, &value);

        if (r)
            return r;
        json_add(&object, child->key, value);
    }
    *ret_value = json_object_done(&object);
    return 0;
}

int piece_eval(TemplateTurn *turn, const Piece *piece, Json *ret_value) {
    if (piece->is_late && turn->leaves_late) {
        json_push(&turn->places, late_place(turn->context.arena, piece, turn->scope));
        *ret_value = json_null();
        return 0;
    }
    switch (piece->kind) {
    case PIECE_LITERAL:
        *ret_value = piece->value;
        return 0;
    case PIECE_PROGRAM:
        return eval_program(turn, piece, ret_value);
    case PIECE_TEXT:
        return eval_text(turn, piece, ret_value);
    case PIECE_ARRAY:
        return eval_array(turn, piece, ret_value);
    case PIECE_OBJECT:
        return eval_object(turn, piece, ret_value);
    }
    CHECK_UNREACHABLE();
}

static TemplateTurn turn_at(const Json *scope, const ExprContext *context,
                            TemplateMistake *mistake) {
    return (TemplateTurn){
        .scope = scope,
        .context = *context,
        .arena_start = context->arena->used_bytes,
        .steps_left = (uint64_t)context->budget.steps_max * TEMPLATE_STEPS_FACTOR,
        .places = {.arena = context->arena},
        .mistake = mistake,
    };
}

int template_eval(const Template *template, const Json *scope, const ExprContext *context,
                  Json *ret_value, TemplateMistake *ret_mistake) {
    TemplateTurn turn = turn_at(scope, context, ret_mistake);
    Json value;
    int r = piece_eval(&turn, template->root, &value);

    if (r)
        return r;
    *ret_value = value;
    return 0;
}

/* Literals cannot have the key, so only a value that is a program's result can pose as one. */
static bool is_ambiguous(const Template *template, const Json *value) {
    return template->root->kind == PIECE_PROGRAM && json_member(value, STR("$late")) != NULL;
}

static Json envelope(Arena *arena, const Json *value, const Json *places) {
    JsonObject inner = {.arena = arena}, outer = {.arena = arena};

    json_add(&inner, STR("value"), *value);
    json_add(&inner, STR("places"), *places);
    json_add(&outer, STR("$late"), json_object_done(&inner));
    return json_object_done(&outer);
}

int template_eval_late(const Template *template, const Json *scope, const ExprContext *context,
                       Json *ret_value, TemplateMistake *ret_mistake) {
    TemplateTurn turn = turn_at(scope, context, ret_mistake);
    Json value, places;
    int r;

    turn.leaves_late = true;
    r = piece_eval(&turn, template->root, &value);
    if (r)
        return r;
    places = json_array_done(&turn.places);
    if (places.count > 0 || is_ambiguous(template, &value))
        value = envelope(context->arena, &value, &places);
    *ret_value = value;
    return 0;
}
