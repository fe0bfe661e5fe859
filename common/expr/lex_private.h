#pragma once

/*
 * Lex: jq text to tokens, one at a time. Strings are taken apart by the parser, because they may
 * hold programs: TOKEN_QUOTE is only the opening quote.
 */

#include "common/base/str.h"

typedef enum TokenKind {
    TOKEN_END,
    TOKEN_BAD,    /* a character that starts nothing */
    TOKEN_FIELD,  /* .name; text is the name */
    TOKEN_NAME,   /* name, or namespace::name; keywords too */
    TOKEN_DOLLAR, /* $name; text is the name */
    TOKEN_NUMBER,
    TOKEN_FORMAT, /* @name; text is the name */
    TOKEN_QUOTE,  /* " */
    TOKEN_SIGN,   /* an operator or bracket; text is its spelling */
} TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t offset;
    uint32_t end; /* byte behind it */
    Str text;
} Token;

/* The token that starts at or behind offset, white space and comments skipped. */
Token lex_token(Str text, size_t offset);
