#pragma once

/*
 * Page: lists are read in pages, newest first. A cursor is the id of the last item shown, so a page
 * is found without counting, and what is added meanwhile shifts nothing. Cursors are opaque:
 * base64url, made and read here only.
 */

#include "common/base/id.h"

#define PAGE_LIMIT_DEFAULT 50
#define PAGE_LIMIT_MAX 200 /* a page of whole rows still fits an answer of a few hundred KiB */

#define PAGE_CURSOR_BYTES 25 /* with the NUL */

typedef struct PageCursor {
    char text[PAGE_CURSOR_BYTES];
} PageCursor;

PageCursor page_cursor(Uuid last);

/* False: nothing that page_cursor() has ever answered. */
bool page_from_cursor(Str text, Uuid *ret_last);
