#pragma once

/*
 * Template: one workflow, found for a call: by its id or its reference key, and only by who may
 * see it. Who may see it but not do the route's verb is told FORBIDDEN; everybody else NOT_FOUND.
 */

#include "trigger-gateway/api/call.h"

typedef struct TemplateRow {
    Uuid id;
    UuidText id_text;
    Str key;
    Str name;
    Str status;
    Str draft;
    bool is_active;
    bool is_published; /* has an active version */
    int64_t draft_rev;
    Uuid active_version;
} TemplateRow;

/* FOR_CHANGE locks the row until the transaction ends. Texts live in the call's arena. */
typedef enum TemplateUse { TEMPLATE_FOR_READING, TEMPLATE_FOR_CHANGE } TemplateUse;

int template_find(ApiCall *call, Str id_or_key, TemplateUse use, TemplateRow *ret_row);

/* Fit for a path and no id, so that nobody takes one for the other. */
bool template_key_is_valid(Str key);

/* PRECONDITION_FAILED when If-Match names another state of the draft. */
int template_check_match(ApiCall *call, const TemplateRow *row);

/* "\"7\"": the draft's ETag. */
Str template_etag(ApiCall *call, int64_t draft_rev);

/* The whole workflow as the answer, with its ETag. */
int template_answer(ApiCall *call, uint32_t status, const Uuid *id);
