#pragma once

/*
 * Body: a request's JSON, read by a table of its members. What is not in the table is refused, and
 * so is a member of another type; all complaints are told at once.
 */

#include "trigger-gateway/api/call.h"

#define BODY_IS(type) (1u << (type))
#define BODY_TEXT BODY_IS(JSON_STRING)
#define BODY_FLAG (BODY_IS(JSON_TRUE) | BODY_IS(JSON_FALSE))
#define BODY_NUMBER BODY_IS(JSON_NUMBER)
#define BODY_OBJECT BODY_IS(JSON_OBJECT)
#define BODY_ARRAY BODY_IS(JSON_ARRAY)
#define BODY_NULL BODY_IS(JSON_NULL)
#define BODY_ANY (BODY_NULL | BODY_TEXT | BODY_FLAG | BODY_NUMBER | BODY_OBJECT | BODY_ARRAY)

typedef struct BodyField {
    const char *name;
    uint32_t types;
    size_t place; /* of a const Json *: NULL when the member is not there */
    bool is_required;
    uint32_t length_max; /* bytes of a text, elements of an array; 0: any */
} BodyField;

/*
 * target is a struct of const Json *. An empty body is {}. Complaints of the table are in the call;
 * the caller adds its own and then asks call_check_problems(). Refused at once: no JSON at all,
 * what PostgreSQL could not store, another content type.
 */
int body_read(ApiCall *call, const BodyField *fields, uint32_t count, void *target);

/* Complains about elements that are no texts, longer than that, or empty. */
void body_check_texts(ApiCall *call, const char *name, const Json *array, uint32_t length_max);

/* A JSON array of texts as text[]; SQL NULL for NULL. array must outlive the query. */
PgParam body_texts(const Json *json, PgArray *array);

/* The value as JSON text for the database; SQL NULL for NULL. */
PgParam body_json(ApiCall *call, const Json *json);

/* A text's bytes, or SQL NULL; true or false, or SQL NULL. */
PgParam body_text(const Json *json);
PgParam body_flag(const Json *json);
