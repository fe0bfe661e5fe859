/*
 * What a template leaves for later because it reads secrets, and how it is opened where they are
 * known.
 */

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/expr/template_private.h"
#include "common/expr/text_private.h"

static bool ref_is_secret(const ExprRef *ref) {
    return ref->name_count > 0 && str_is(ref->names[0], "secrets");
}

bool piece_reads_secrets(const Piece *piece) {
    size_t count;
    const ExprRef *refs = expr_refs(piece->expr, &count);

    for (size_t i = 0; i < count; i++) {
        if (ref_is_secret(&refs[i]))
            return true;
    }
    return false;
}

/* The paths that a late piece reads. */
typedef struct Reads {
    Arena *arena;
    const ExprRef **refs;
    size_t count;
    size_t capacity;
} Reads;

static void reads_add(Reads *reads, const Piece *piece) {
    size_t count = 0;
    const ExprRef *refs = piece->expr ? expr_refs(piece->expr, &count) : NULL;

    for (size_t i = 0; i < count; i++) {
        if (ref_is_secret(&refs[i]))
            continue;
        if (reads->count == reads->capacity) {
            size_t capacity = MAX(reads->capacity * 2, (size_t)8);

            reads->refs = arena_grow(reads->arena, reads->refs, reads->count * sizeof(void *),
                                     capacity * sizeof(void *));
            reads->capacity = capacity;
        }
        reads->refs[reads->count++] = &refs[i];
    }
    for (const Piece *child = piece->first; child != NULL; child = child->next)
        reads_add(reads, child);
}

/* Whether the ref goes through the same names as another one, up to depth. */
static bool goes_along(const ExprRef *ref, const ExprRef *other, uint32_t depth) {
    if (ref->name_count < depth)
        return false;
    for (uint32_t i = 0; i < depth; i++) {
        if (!str_equal(ref->names[i], other->names[i]))
            return false;
    }
    return true;
}

/* The parts of the value that are read by refs which share depth names with `along`. */
static Json cut_out(const Reads *reads, const Json *value, const ExprRef *along, uint32_t depth) {
    JsonObject object = {.arena = reads->arena};

    if (!json_is(value, JSON_OBJECT))
        return *value;
    for (size_t i = 0; i < reads->count; i++) {
        if (goes_along(reads->refs[i], along, depth) && reads->refs[i]->name_count == depth)
            return *value;
    }
    for (size_t i = 0; i < reads->count; i++) {
        const ExprRef *ref = reads->refs[i];
        const Json *member;

        if (!goes_along(ref, along, depth))
            continue;
        member = json_member(value, ref->names[depth]);
        if (member != NULL)
            json_add(&object, ref->names[depth], cut_out(reads, member, ref, depth + 1));
    }
    return json_object_done(&object);
}

Json late_place(Arena *arena, const Piece *piece, const Json *scope) {
    static const ExprRef whole = {.name_count = 0};
    JsonObject place = {.arena = arena};
    Reads reads = {.arena = arena};

    reads_add(&reads, piece);
    json_add(&place, STR("pointer"), json_string(piece_pointer(arena, piece)));
    json_add(&place, STR("source"), piece->value);
    json_add(&place, STR("values"), cut_out(&reads, scope, &whole, 0));
    return json_object_done(&place);
}

/* Opening. */
typedef struct Opening {
    const Json *secrets;
    Json stand_ins; /* `[secret KEY]` for each */
    ExprContext context;
    TemplateMistake *mistake;
} Opening;

static int malformed(const Opening *opening) {
    if (opening->mistake != NULL) {
        *opening->mistake = (TemplateMistake){
            .mistake = {.code = EXPR_E_RUNTIME, .line = 1, .column = 1}
        };
        snprintf(opening->mistake->mistake.message, sizeof opening->mistake->mistake.message,
                 "the places left for secrets are malformed");
    }
    return EXPR_E_RUNTIME;
}

static Json stand_ins(Arena *arena, const Json *secrets) {
    JsonObject object = {.arena = arena};

    for (uint32_t i = 0; json_is(secrets, JSON_OBJECT) && i < secrets->count; i++) {
        Str key = secrets->members[i].key;

        json_add(&object, key, json_string(str_printf(arena, "[secret %.*s]", STR_ARGS(key))));
    }
    return json_object_done(&object);
}

static Json with_secrets(Arena *arena, const Json *values, const Json *secrets) {
    JsonObject scope = {.arena = arena};

    for (uint32_t i = 0; json_is(values, JSON_OBJECT) && i < values->count; i++)
        json_add(&scope, values->members[i].key, values->members[i].value);
    json_add(&scope, STR("secrets"), *secrets);
    return json_object_done(&scope);
}

/* What is stored when the stand-ins do not do what the secrets do. */
static Json hidden(void) {
    return json_string(STR("[secret]"));
}

static int open_place(Opening *opening, const Json *place, Json *ret_value, Json *ret_redacted) {
    const Json *source = json_member(place, STR("source"));
    const Json *values = json_member(place, STR("values"));
    _cleanup_(template_free_p) Template *template = NULL;
    Arena *arena = opening->context.arena;
    TemplateMistake ignored;
    Json scope, value;
    int r;

    if (!json_is(source, JSON_STRING) || values == NULL ||
        template_compile(source, &ignored, 1, &template) > 0)
        return malformed(opening);
    scope = with_secrets(arena, values, opening->secrets);
    r = template_eval(template, &scope, &opening->context, &value, opening->mistake);
    if (r)
        return r;
    /* The template ends here, so nothing may point into it. */
    *ret_value = json_copy(arena, &value);
    scope = with_secrets(arena, values, &opening->stand_ins);
    if (template_eval(template, &scope, &opening->context, &value, NULL))
        value = hidden();
    *ret_redacted = json_copy(arena, &value);
    return 0;
}

/* The next token of a pointer, unescaped. */
static Str pointer_token(Arena *arena, Str *pointer) {
    Str rest = str_slice(*pointer, 1, pointer->length), token;
    ptrdiff_t slash = str_find_char(rest, '/');
    Text text = {.arena = arena};

    token = slash < 0 ? rest : str_slice(rest, 0, (size_t)slash);
    *pointer = str_slice(rest, token.length, rest.length);
    for (size_t i = 0; i < token.length; i++) {
        char c = token.data[i];

        if (c == '~' && i + 1 < token.length)
            c = token.data[++i] == '1' ? '/' : '~';
        text_add_char(&text, c);
    }
    return text_str(&text);
}

/* root with the value at pointer exchanged; false when the pointer leads nowhere. */
static bool put(Arena *arena, Json *root, Str pointer, const Json *value) {
    Str token;
    int64_t index;
    bool done = false;

    if (pointer.length == 0) {
        *root = *value;
        return true;
    }
    if (pointer.data[0] != '/')
        return false;
    token = pointer_token(arena, &pointer);
    if (json_is(root, JSON_ARRAY)) {
        Json *items = arena_copy(arena, root->items, root->count * sizeof *items);

        if (!str_to_int64(token, 0, (int64_t)root->count - 1, &index))
            return false;
        done = put(arena, &items[index], pointer, value);
        *root = json_array(items, root->count);
    } else if (json_is(root, JSON_OBJECT)) {
        JsonObject object = {.arena = arena};

        for (uint32_t i = 0; i < root->count; i++) {
            Json member = root->members[i].value;

            if (str_equal(root->members[i].key, token))
                done = put(arena, &member, pointer, value);
            json_add(&object, root->members[i].key, member);
        }
        *root = json_object_done(&object);
    }
    return done;
}

static int open_envelope(Opening *opening, const Json *envelope, TemplateOpened *opened) {
    const Json *value = json_member(envelope, STR("value"));
    const Json *places = json_member(envelope, STR("places"));
    Arena *arena = opening->context.arena;

    if (value == NULL || !json_is(places, JSON_ARRAY))
        return malformed(opening);
    *opened = (TemplateOpened){.value = *value, .redacted = *value};
    for (uint32_t i = 0; i < places->count; i++) {
        const Json *pointer = json_member(&places->items[i], STR("pointer"));
        Json plain, redacted;
        int r = json_is(pointer, JSON_STRING)
                    ? open_place(opening, &places->items[i], &plain, &redacted)
                    : malformed(opening);

        if (r)
            return r;
        if (!put(arena, &opened->value, json_str(pointer), &plain) ||
            !put(arena, &opened->redacted, json_str(pointer), &redacted))
            return malformed(opening);
    }
    return 0;
}

int template_open(const Json *value, const Json *secrets, const ExprContext *context,
                  TemplateOpened *ret_opened, TemplateMistake *ret_mistake) {
    const Json *envelope = json_member(value, STR("$late"));
    TemplateOpened opened = {.value = *value, .redacted = *value};
    Opening opening = {.secrets = secrets, .context = *context, .mistake = ret_mistake};
    int r = 0;

    if (envelope != NULL) {
        opening.stand_ins = stand_ins(context->arena, secrets);
        r = open_envelope(&opening, envelope, &opened);
    }
    if (r)
        return r;
    *ret_opened = opened;
    return 0;
}
