/* Mapping values: compiled, looked at, freed. */

#include <stdio.h>
#include <string.h>

#include "common/base/alloc.h"
#include "common/base/check.h"
#include "common/expr/template_private.h"
#include "common/expr/text_private.h"

typedef struct TemplateCompiler {
    Template *template;
    TemplateMistake *mistakes;
    size_t mistakes_max;
    size_t mistake_count;
} TemplateCompiler;

/* Deeper values are refused: the walk over them recurses. */
#define TEMPLATE_DEPTH_MAX 128

static void add_token(Text *text, Str token) {
    for (size_t i = 0; i < token.length; i++) {
        if (token.data[i] == '~')
            text_add(text, STR("~0"));
        else if (token.data[i] == '/')
            text_add(text, STR("~1"));
        else
            text_add_char(text, token.data[i]);
    }
}

static void add_pointer(Text *text, const Piece *piece) {
    char index[16];

    /* Parts of a text stand where the text stands. */
    if (piece->parent == NULL)
        return;
    add_pointer(text, piece->parent);
    if (piece->parent->kind == PIECE_TEXT)
        return;
    text_add_char(text, '/');
    if (piece->parent->kind == PIECE_OBJECT) {
        add_token(text, piece->key);
        return;
    }
    snprintf(index, sizeof index, "%u", piece->index);
    text_add(text, str_of(index));
}

Str piece_pointer(Arena *arena, const Piece *piece) {
    Text text = {.arena = arena};

    add_pointer(&text, piece);
    return text_str(&text);
}

static void tell(TemplateCompiler *compiler, const Piece *piece, const ExprMistake *mistake) {
    if (compiler->mistake_count++ >= compiler->mistakes_max)
        return;

    TemplateMistake *told = &compiler->mistakes[compiler->mistake_count - 1];
    Str pointer = piece_pointer(&compiler->template->arena, piece);

    *told = (TemplateMistake){.mistake = *mistake};
    snprintf(told->pointer, sizeof told->pointer, "%.*s", STR_ARGS(pointer));
}

static void tell_syntax(TemplateCompiler *compiler, const Piece *piece, size_t offset,
                        const char *message) {
    ExprMistake mistake = {.code = EXPR_E_SYNTAX, .offset = offset};

    expr_locate(json_str(&piece->value), &mistake);
    snprintf(mistake.message, sizeof mistake.message, "%s", message);
    tell(compiler, piece, &mistake);
}

static Piece *piece_new(TemplateCompiler *compiler, Piece *parent, PieceKind kind) {
    Piece *piece = arena_zero(&compiler->template->arena, sizeof *piece);

    piece->kind = kind;
    piece->parent = parent;
    return piece;
}

/* The program from offset to end of the piece's string. */
static void compile_program(TemplateCompiler *compiler, Piece *piece, size_t offset, size_t end) {
    Str text = json_str(&piece->value);
    ExprMistake mistake;

    compiler->template->program_count++;
    piece->offset = offset;
    if (expr_compile(str_slice(text, offset, end - offset), NULL, 0, &piece->expr, &mistake)) {
        mistake.offset += offset;
        expr_locate(text, &mistake);
        tell(compiler, piece, &mistake);
        return;
    }
    piece->is_late = piece_reads_secrets(piece);
    compiler->template->is_late |= piece->is_late;
}

/* Literal text of a string, up to the next program. */
static size_t scan_literal(Str text, size_t offset, Text *literal) {
    while (offset < text.length) {
        Str rest = str_slice(text, offset, text.length);

        if (str_starts(rest, STR("$${"))) {
            text_add(literal, STR("${"));
            offset += 3;
            continue;
        }
        if (str_starts(rest, STR("${")))
            break;
        text_add_char(literal, text.data[offset++]);
    }
    return offset;
}

static Piece *add_part(TemplateCompiler *compiler, Piece *text, Piece ***end, PieceKind kind) {
    Piece *part = piece_new(compiler, text, kind);

    part->value = text->value;
    **end = part;
    *end = &part->next;
    return part;
}

/* Takes a string apart: literals and programs, in order. */
static void compile_parts(TemplateCompiler *compiler, Piece *piece) {
    Str text = json_str(&piece->value);
    Piece **end = &piece->first;
    size_t offset = 0;

    for (;;) {
        Text literal = {.arena = &compiler->template->arena};
        ptrdiff_t length;

        offset = scan_literal(text, offset, &literal);
        if (literal.length > 0)
            add_part(compiler, piece, &end, PIECE_LITERAL)->value = json_string(text_str(&literal));
        if (offset >= text.length)
            return;
        length = expr_find_end(str_slice(text, offset + 2, text.length));
        if (length < 0) {
            tell_syntax(compiler, piece, offset, "syntax error: '${' is not closed by '}'");
            return;
        }
        compile_program(compiler, add_part(compiler, piece, &end, PIECE_PROGRAM), offset + 2,
                        offset + 2 + (size_t)length);
        offset += (size_t)length + 3;
    }
}

static void compile_string(TemplateCompiler *compiler, Piece *piece) {
    piece->kind = PIECE_TEXT;
    compile_parts(compiler, piece);
    if (piece->first == NULL) {
        piece->kind = PIECE_LITERAL;
    } else if (piece->first->next == NULL) {
        /* One literal, or exactly one program, stands for itself. */
        piece->kind = piece->first->kind;
        piece->expr = piece->first->expr;
        piece->is_late = piece->first->is_late;
        piece->offset = piece->first->offset;
        if (piece->kind == PIECE_LITERAL)
            piece->value = piece->first->value;
        piece->first = NULL;
    } else {
        for (const Piece *part = piece->first; part != NULL; part = part->next)
            piece->is_late |= part->is_late;
    }
}

static void compile_value(TemplateCompiler *compiler, Piece *piece, uint32_t depth);

static void compile_children(TemplateCompiler *compiler, Piece *piece, uint32_t depth) {
    Piece **end = &piece->first;
    bool is_literal = true;

    for (uint32_t i = 0; i < piece->value.count; i++) {
        Piece *child = piece_new(compiler, piece, PIECE_LITERAL);

        child->index = i;
        if (piece->kind == PIECE_OBJECT) {
            child->key = piece->value.members[i].key;
            child->value = piece->value.members[i].value;
            if (str_is(child->key, "$late"))
                tell_syntax(compiler, child, 0, "the key $late is reserved");
        } else {
            child->value = piece->value.items[i];
        }
        compile_value(compiler, child, depth + 1);
        is_literal = is_literal && child->kind == PIECE_LITERAL;
        *end = child;
        end = &child->next;
    }
    if (is_literal)
        piece->kind = PIECE_LITERAL;
}

static void compile_value(TemplateCompiler *compiler, Piece *piece, uint32_t depth) {
    if (depth > TEMPLATE_DEPTH_MAX) {
        tell_syntax(compiler, piece, 0, "the value is nested too deeply");
        return;
    }
    if (json_is(&piece->value, JSON_STRING)) {
        compile_string(compiler, piece);
    } else if (json_is(&piece->value, JSON_ARRAY)) {
        piece->kind = PIECE_ARRAY;
        compile_children(compiler, piece, depth);
    } else if (json_is(&piece->value, JSON_OBJECT)) {
        piece->kind = PIECE_OBJECT;
        compile_children(compiler, piece, depth);
    }
}

size_t template_compile(const Json *value, TemplateMistake *mistakes, size_t mistakes_max,
                        Template **ret_template) {
    _cleanup_(template_free_p) Template *template = alloc_zero(sizeof *template);
    TemplateCompiler compiler = {
        .template = template, .mistakes = mistakes, .mistakes_max = mistakes_max};

    template->root = piece_new(&compiler, NULL, PIECE_LITERAL);
    template->root->value = json_copy(&template->arena, value);
    compile_value(&compiler, template->root, 0);
    if (compiler.mistake_count > 0)
        return compiler.mistake_count;
    *ret_template = template;
    template = NULL;
    return 0;
}

static void free_programs(Piece *piece) {
    /* A text of one program has handed it to the piece that stands for it. */
    for (; piece != NULL; piece = piece->next) {
        piece->expr = expr_free(piece->expr);
        free_programs(piece->first);
    }
}

Template *template_free(Template *template) {
    if (template == NULL)
        return NULL;
    free_programs(template->root);
    arena_done(&template->arena);
    alloc_free(template);
    return NULL;
}

bool template_is_literal(const Template *template) {
    return template->program_count == 0;
}

bool template_is_late(const Template *template) {
    return template->is_late;
}

typedef struct RefWalk {
    TemplateRefFn fn;
    void *context;
    Arena arena;
} RefWalk;

static bool walk_refs(RefWalk *walk, const Piece *piece) {
    size_t count = 0;
    const ExprRef *refs = piece->expr ? expr_refs(piece->expr, &count) : NULL;

    for (size_t i = 0; i < count; i++) {
        ExprRef ref = refs[i];

        ref.offset += piece->offset;
        if (!walk->fn(walk->context, piece_pointer(&walk->arena, piece), &ref))
            return false;
    }
    for (const Piece *child = piece->first; child != NULL; child = child->next) {
        if (!walk_refs(walk, child))
            return false;
    }
    return true;
}

void template_refs(const Template *template, TemplateRefFn fn, void *context) {
    RefWalk walk = {.fn = fn, .context = context};

    walk_refs(&walk, template->root);
    arena_done(&walk.arena);
}
