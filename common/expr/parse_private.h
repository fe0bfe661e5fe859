#pragma once

/* The parser's own state, shared by its files. */

#include "common/expr/compile_private.h"
#include "common/expr/lex_private.h"

/* Nesting of parentheses, brackets and the like: the parser recurses at each. */
#define PARSE_NESTING_MAX 250

typedef struct Parser {
    Compiler *compiler;
    Token token; /* the one looked at */
    size_t previous_end;
    uint32_t nesting;
} Parser;

void parser_next(Parser *parser);
bool parser_at(const Parser *parser, const char *sign);      /* an operator or bracket */
bool parser_at_word(const Parser *parser, const char *word); /* a keyword */
bool parser_skip(Parser *parser, const char *sign);          /* true when it was there */
int parser_want(Parser *parser, const char *sign, const char *where);
int parser_want_word(Parser *parser, const char *word, const char *where);
int parser_unexpected(Parser *parser, const char *where);

int parse_pipe(Parser *parser, Node **ret_node);
int parse_without_comma(Parser *parser, Node **ret_node); /* an object's value */
int parse_postfix(Parser *parser, Node **ret_node);
int parse_term(Parser *parser, Node **ret_node); /* parse_term.c; without what may follow it */
int parse_define(Parser *parser, Function **ret_function);
int parse_patterns(Parser *parser, Pattern **ret_pattern);
int parse_string(Parser *parser, Str format, Node **ret_node); /* at the opening quote */
int parse_object(Parser *parser, Node **ret_node);
