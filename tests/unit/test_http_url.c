/* URLs that can be called. */

#include <criterion/criterion.h>

#include "common/base/buf.h"
#include "common/base/defs.h"
#include "common/io/http_url.h"

CLEANUP_POINTER(HttpUrl, http_url_free);

static void expect_bad(Str text) {
    HttpUrl *url = NULL;

    cr_expect_eq(http_url_read(text, &url), HTTP_URL_E_BAD, "%.*s", STR_ARGS(text));
    cr_expect_null(url);
}

Test(http_url, the_parts_are_read) {
    _cleanup_(http_url_free_p) HttpUrl *url = NULL;

    cr_assert_eq(http_url_read(STR("https://Example.com:8443/a/../b?c=d#e"), &url), 0);
    cr_expect_str_eq(http_url_host(url), "Example.com");
    cr_expect_eq(http_url_port(url), 8443);
    cr_expect(http_url_is_secure(url));
    cr_expect_str_eq(http_url_text(url), "https://Example.com:8443/b?c=d");
}

Test(http_url, the_port_is_that_of_the_scheme_when_none_is_written) {
    _cleanup_(http_url_free_p) HttpUrl *plain = NULL;
    _cleanup_(http_url_free_p) HttpUrl *secure = NULL;

    cr_assert_eq(http_url_read(STR("http://a"), &plain), 0);
    cr_assert_eq(http_url_read(STR("https://a"), &secure), 0);
    cr_expect_eq(http_url_port(plain), 80);
    cr_expect_eq(http_url_port(secure), 443);
    cr_expect_not(http_url_is_secure(plain));
}

Test(http_url, what_cannot_be_called_is_refused) {
    static const char *const texts[] = {
        "",
        "a",
        "/path",
        "//host/path",
        "example.com",
        "localhost:80",
        "http:",
        "http://",
        "http://:80/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:-1/",
        "http://a:8x/",
        "http://a b/",
        "http://a/ b",
        "http://a/\tb",
        "http://a/\r\nHost: b",
        "http://a\x7f/",
        "http://user@a/",
        "http://user:pass@a/",
        "http://:pass@a/",
        "http://a@b@c/",
        "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1/",
        "http://b\xc3\xbc\x63her.example/",
        "http://\xe2\x91\xa0\x32\x37.0.0.1/",
        "http://127%2e0%2e0%2e1%00/",
        "http://a%20b/",
        "http://a%0d%0ab/",
        "http://[fe80::1%25eth0]/",
        "http://[::1/",
        "http://[g::1]/",
        "http://a\\b/",
        "http://a<b/",
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://a/",
        "dict://a:11211/stats",
        "ldap://a/",
        "smb://a/b",
        "telnet://a/",
        "tftp://a/b",
        "scp://a/b",
        "imap://a/",
        "mqtt://a/",
        "ws://a/",
        "javascript:alert(1)",
        "data:text/plain,a",
        "jar:http://a!/b",
        "unix:/run/docker.sock",
        "HTTPX://a/",
    };

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        expect_bad(str_of(texts[i]));
    expect_bad(STR("http://a\0b/"));
}

Test(http_url, what_is_too_long_is_refused) {
    _cleanup_(buf_done) Buf text = {0};
    _cleanup_(http_url_free_p) HttpUrl *url = NULL;

    buf_add_text(&text, "http://a/");
    while (text.length < HTTP_URL_BYTES_MAX)
        buf_add_char(&text, 'a');
    cr_expect_eq(http_url_read(buf_str(&text), &url), 0);
    buf_add_char(&text, 'a');
    expect_bad(buf_str(&text));
}

Test(http_url, a_location_is_followed_from_where_it_was_said) {
    static const struct {
        const char *location, *wanted;
    } cases[] = {
        {"/x?y",          "http://a:81/x?y"  },
        {"x",             "http://a:81/b/x"  },
        {"../x",          "http://a:81/x"    },
        {"//c/d",         "http://c/d"       },
        {"https://c/d",   "https://c/d"      },
        {"?q",            "http://a:81/b/c?q"},
        {"http://a:81/z", "http://a:81/z"    },
    };
    _cleanup_(http_url_free_p) HttpUrl *from = NULL;

    cr_assert_eq(http_url_read(STR("http://a:81/b/c"), &from), 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_(http_url_free_p) HttpUrl *to = NULL;

        cr_assert_eq(http_url_follow(from, str_of(cases[i].location), &to), 0);
        cr_expect_str_eq(http_url_text(to), cases[i].wanted);
    }
}

Test(http_url, a_location_that_cannot_be_called_is_refused) {
    static const char *const locations[] = {"file:///etc/passwd", "http://u@a/", "gopher://a/", ""};
    _cleanup_(http_url_free_p) HttpUrl *from = NULL;

    cr_assert_eq(http_url_read(STR("http://a/"), &from), 0);
    for (size_t i = 0; i < ARRAY_SIZE(locations); i++) {
        HttpUrl *to = NULL;

        cr_expect_eq(http_url_follow(from, str_of(locations[i]), &to), HTTP_URL_E_BAD);
    }
}

Test(http_url, an_origin_is_scheme_host_and_port) {
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"http://a/x",     "http://A:80/y", true },
        {"http://a/",      "https://a/",    false},
        {"http://a/",      "http://a:81/",  false},
        {"http://a/",      "http://b/",     false},
        {"https://a:80/",  "http://a/",     false},
        {"https://a:443/", "https://a/",    true },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        _cleanup_(http_url_free_p) HttpUrl *a = NULL;
        _cleanup_(http_url_free_p) HttpUrl *b = NULL;

        cr_assert_eq(http_url_read(str_of(cases[i].a), &a), 0);
        cr_assert_eq(http_url_read(str_of(cases[i].b), &b), 0);
        cr_expect_eq(http_url_same_origin(a, b), cases[i].same, "%s %s", cases[i].a, cases[i].b);
    }
}
