// SPDX-License-Identifier: MIT

/// The list of the withdrawn, for everybody (RFC 5280 section 5, served as RFC 2585 section 4.2
/// says). It carries its own signature, so no sign-in and no TLS is needed to believe it.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rest_identity.h"

/// How long a cache may go without asking, and so may hide a revocation.
enum { FRESH_S = 300, DATE_SIZE = 32, TAG_SIZE = 32 };

/// Writes the instant as RFC 9110 section 5.6.7 wants it. The names are English in every locale.
static void write_date(int64_t time_s, char out[DATE_SIZE])
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    const time_t time = (time_t)time_s;
    struct tm parts = { .tm_mday = 1, .tm_year = 70, .tm_wday = 4 };
    (void)gmtime_r(&time, &parts);
    (void)snprintf(out, DATE_SIZE, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[parts.tm_wday],
                   parts.tm_mday, months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour,
                   parts.tm_min, parts.tm_sec);
}

bool rest_show_revocations(struct rest *rest, const struct rest_request *request,
                           struct http_reply *reply)
{
    struct revocation_list list;
    char tag[TAG_SIZE];
    char date[DATE_SIZE];

    if (!rest_has_identities(rest, reply) || !rest_check_query(request, NULL, 0, reply)) {
        return true;
    }
    const enum identity_verdict verdict = identities_revocations(rest->identities, &list);
    if (verdict != IDENTITY_DONE) {
        rest_reply_verdict(request, verdict, reply);
        return true;
    }
    (void)snprintf(tag, sizeof tag, "\"%" PRIx64 "\"", list.number);
    if (request->if_none_match != NULL && strstr(request->if_none_match, tag) != NULL) {
        free(list.der);
        http_reply_empty(reply, HTTP_NOT_MODIFIED);
    } else {
        http_reply_empty(reply, HTTP_OK);
        reply->body = (char *)list.der;
        reply->body_size = list.size;
        reply->content_type = "application/pkix-crl";
    }
    write_date(list.made_s, date);
    http_reply_header(reply, "ETag", "%s", tag);
    http_reply_header(reply, "Last-Modified", "%s", date);
    http_reply_header(reply, "Cache-Control", "public, max-age=%d", FRESH_S);
    return true;
}
