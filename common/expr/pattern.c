/*
 * Patterns: `S as [$a, {b: $c}] | rest` becomes `S as $1 | $1[0] as $a | $1[1] as $2 | …`, so that
 * the machine binds single variables only.
 */

#include "common/base/check.h"
#include "common/expr/compile_private.h"

static Node *node_variable(Compiler *compiler, Str name, uint32_t offset) {
    Node *node = node_new(compiler, NODE_VARIABLE, offset);

    node->name = name;
    return node;
}

Node *pattern_hidden(Compiler *compiler) {
    /* Names cannot start with a digit. */
    return node_variable(compiler, str_printf(compiler->arena, "%u", compiler->hidden_count++), 0);
}

Node *pattern_bind(Compiler *compiler, Node *source, Str name, Node *rest) {
    Node *node = node_pair(compiler, NODE_AS, source, rest);
    Pattern *pattern = arena_zero(compiler->arena, sizeof *pattern);

    pattern->kind = PATTERN_VARIABLE;
    pattern->name = name;
    node->pattern = pattern;
    return node;
}

static Node *unfold_one(Compiler *compiler, Node *source, const Pattern *pattern, Node *rest);

/* The parts are unfolded from the last to the first, each around the rest that follows it. */
static const Pattern *part_at(const Pattern *pattern, uint32_t index) {
    const Pattern *part = pattern->parts;

    while (index-- > 0)
        part = part->next;
    return part;
}

static uint32_t part_count(const Pattern *pattern) {
    uint32_t count = 0;

    for (const Pattern *part = pattern->parts; part != NULL; part = part->next)
        count++;
    return count;
}

static Node *unfold_array(Compiler *compiler, Str whole, const Pattern *pattern, Node *rest) {
    for (uint32_t i = part_count(pattern); i-- > 0;) {
        Node *index = node_literal(compiler, json_number(i), pattern->offset);
        Node *variable = node_variable(compiler, whole, pattern->offset);

        rest = unfold_one(compiler, node_pair(compiler, NODE_INDEX, variable, index),
                          part_at(pattern, i), rest);
    }
    return rest;
}

/* The key is evaluated with the value that is taken apart as its input. */
static Node *member_of(Compiler *compiler, Str whole, const Pattern *part) {
    Node *identity = node_new(compiler, NODE_IDENTITY, part->offset), *member;

    if (part->key->kind == NODE_LITERAL && json_is(&part->key->literal, JSON_STRING)) {
        member = node_unary(compiler, NODE_FIELD, identity, part->offset);
        member->name = json_str(&part->key->literal);
    } else {
        member = node_pair(compiler, NODE_INDEX, identity, part->key);
    }
    return node_pair(compiler, NODE_PIPE, node_variable(compiler, whole, part->offset), member);
}

static Node *unfold_object(Compiler *compiler, Str whole, const Pattern *pattern, Node *rest) {
    for (uint32_t i = part_count(pattern); i-- > 0;) {
        const Pattern *part = part_at(pattern, i);
        Node *member = member_of(compiler, whole, part);

        if (part->name.length == 0) {
            rest = unfold_one(compiler, member, part->value, rest);
            continue;
        }
        if (part->value != NULL)
            rest = unfold_one(compiler, node_variable(compiler, part->name, part->offset),
                              part->value, rest);
        rest = pattern_bind(compiler, member, part->name, rest);
    }
    return rest;
}

static Node *unfold_one(Compiler *compiler, Node *source, const Pattern *pattern, Node *rest) {
    Str whole;

    if (pattern->kind == PATTERN_VARIABLE)
        return pattern_bind(compiler, source, pattern->name, rest);
    whole = pattern_hidden(compiler)->name;
    if (pattern->kind == PATTERN_ARRAY)
        rest = unfold_array(compiler, whole, pattern, rest);
    else
        rest = unfold_object(compiler, whole, pattern, rest);
    return pattern_bind(compiler, source, whole, rest);
}

/* The variables of several patterns, each once. */
typedef struct Names {
    Str *names;
    uint32_t count;
    uint32_t capacity;
} Names;

static void names_add(Compiler *compiler, Names *names, Str name) {
    for (uint32_t i = 0; i < names->count; i++) {
        if (str_equal(names->names[i], name))
            return;
    }
    if (names->count == names->capacity) {
        uint32_t capacity = MAX(names->capacity * 2, 8u);

        names->names = arena_grow(compiler->arena, names->names, names->count * sizeof(Str),
                                  capacity * sizeof(Str));
        names->capacity = capacity;
    }
    names->names[names->count++] = name;
}

static void names_collect(Compiler *compiler, Names *names, const Pattern *pattern) {
    if (pattern->name.length > 0)
        names_add(compiler, names, pattern->name);
    if (pattern->value != NULL)
        names_collect(compiler, names, pattern->value);
    for (const Pattern *part = pattern->parts; part != NULL; part = part->next)
        names_collect(compiler, names, part);
}

/* [$a, $b, …]: what one alternative found. */
static Node *names_array(Compiler *compiler, const Names *names) {
    Node *list = NULL;

    for (uint32_t i = names->count; i-- > 0;) {
        Node *variable = node_variable(compiler, names->names[i], 0);

        list = list ? node_pair(compiler, NODE_COMMA, variable, list) : variable;
    }
    return node_unary(compiler, NODE_ARRAY, list, 0);
}

/*
 * `S as p ?// q | rest`: each alternative gives an array of all variables, null where it binds
 * none; the first that does not fail, together with the rest, is taken.
 */
static Node *unfold_choice(Compiler *compiler, Node *source, const Pattern *pattern, Node *rest) {
    Str whole = pattern_hidden(compiler)->name, found = pattern_hidden(compiler)->name;
    Node *choose = node_new(compiler, NODE_CHOOSE, pattern->offset), **end = &choose->a;
    Names names = {0};

    for (const Pattern *one = pattern; one != NULL; one = one->otherwise)
        names_collect(compiler, &names, one);
    for (const Pattern *one = pattern; one != NULL; one = one->otherwise) {
        Node *way = unfold_one(compiler, node_variable(compiler, whole, one->offset), one,
                               names_array(compiler, &names));

        for (uint32_t i = 0; i < names.count; i++)
            way = pattern_bind(compiler, node_literal(compiler, json_null(), one->offset),
                               names.names[i], way);
        *end = way;
        end = &way->next;
    }
    for (uint32_t i = names.count; i-- > 0;) {
        Node *index = node_literal(compiler, json_number(i), pattern->offset);
        Node *variable = node_variable(compiler, found, pattern->offset);

        rest = pattern_bind(compiler, node_pair(compiler, NODE_INDEX, variable, index),
                            names.names[i], rest);
    }
    choose->b = rest;
    choose->name = found;
    return pattern_bind(compiler, source, whole, choose);
}

Node *pattern_unfold(Compiler *compiler, Node *source, const Pattern *pattern, Node *rest) {
    if (pattern->otherwise != NULL)
        return unfold_choice(compiler, source, pattern, rest);
    return unfold_one(compiler, source, pattern, rest);
}
