/* What went wrong with a call, in words. No text of the network is in them. */

#include "common/base/check.h"
#include "common/io/http_client.h"

static const struct {
    const char *word;
    const char *text;
} errors[_HTTP_E_COUNT] = {
    [0] = {"OK",          "The call was answered."                                 },
    [HTTP_E_BAD_URL] = {"BAD_URL",     "The URL is not an http or https URL that can be called."},
    [HTTP_E_BAD_REQUEST] = {"BAD_REQUEST", "The method or a header cannot be sent."                 },
    [HTTP_E_DENIED] = {"DENIED",      "Calls to this address or port are not allowed."         },
    [HTTP_E_BUSY] = {"BUSY",        "Too many calls are under way."                          },
    [HTTP_E_RESOLVE] = {"RESOLVE",     "The host has no address."                               },
    [HTTP_E_CONNECT] = {"CONNECT",     "No connection could be made."                           },
    [HTTP_E_TLS] = {"TLS",         "No secure connection could be made."                    },
    [HTTP_E_TIMEOUT] = {"TIMEOUT",     "The other side did not answer in time."                 },
    [HTTP_E_RESET] = {"RESET",       "The connection ended before the answer was whole."      },
    [HTTP_E_TOO_LARGE] = {"TOO_LARGE",   "The answer is larger than allowed."                     },
    [HTTP_E_PROTOCOL] = {"PROTOCOL",    "The answer is not HTTP, or cannot be decoded."          },
    [HTTP_E_REDIRECTS] = {"REDIRECTS",   "The answer redirects too often, or to nowhere."         },
    [HTTP_E_ABORTED] = {"ABORTED",     "The call was given up."                                 },
};

const char *http_error_word(int r) {
    CHECK(r >= 0 && r < _HTTP_E_COUNT);
    return errors[r].word;
}

const char *http_error_text(int r) {
    CHECK(r >= 0 && r < _HTTP_E_COUNT);
    return errors[r].text;
}
