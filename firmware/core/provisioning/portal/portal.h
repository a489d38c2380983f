// SPDX-License-Identifier: MIT
#pragma once

/// The set-up portal: one request in, one reply out. No sockets, no clock; a listener carries the
/// bytes.
///
///     GET  /                            the page
///     GET  /scan, /local-wifi           networks in reach; ?refresh=true looks again
///     GET  /status                      how far the device is
///     GET  /about, /progress            for the page: facts, and the status as a page without
///     script POST /provision                   credentials, JSON POST /save credentials, from the
///     page's form GET  /generate_204 and the like   sent to "/", so that a phone opens the page by
///     itself
///
/// Who may call, and why that is enough. The hotspot asks for a password that only this device has,
/// so whoever sends a request is near and was let in. What is left is a browser on that hotspot
/// which shows somebody else's page:
///
/// 1. *A foreign page posts.* A browser names the page's origin in every POST. A foreign origin is
///    refused, unless it is the one that the facts allow. Even then it may send JSON alone, for
///    which the browser asks first (preflight); a form, for which it does not, must come from our
///    own page. A JSON body with another content type is refused, since browsers do not ask for
///    text/plain.
/// 2. *A foreign page reads.* Without Access-Control-Allow-Origin the browser keeps the answer to
///    itself, so networks in reach stay unknown to it.
/// 3. *A foreign name is pointed at our address* (DNS rebinding), which makes the foreign page our
///    own in the browser's eyes. So a Host that is a name, not an address, gets nothing but the way
///    to "/" at our address, which is another origin again; a POST is refused. This is also what a
///    phone's captive-portal check needs, whose Host is never ours.
/// 4. *Our page in a foreign frame* could be clicked unseen; the page forbids frames.
///
/// Programs that are not browsers send no Origin and are asked for nothing but the hotspot's
/// password. Passwords in the clear are taken on such a hotspot only, and only while the facts say
/// so.

#include <stddef.h>
#include <stdint.h>

#include "json_reader.h"
#include "pairing_session.h"
#include "portal_host.h"

enum {
    PORTAL_BODY_LIMIT = JSON_READER_SIZE_LIMIT,
    PORTAL_HEADER_LIMIT = 12,
    PORTAL_OUT_SIZE = 6144,
    PORTAL_SEALED_SIZE = PORTAL_BODY_LIMIT * 3 / 4, ///< What fits into a body as base64url.
    PORTAL_LOCATION_SIZE = 64
};

/// What a listener read. Every text ends with NUL; NULL where a header is absent.
struct portal_request {
    const char *method;
    const char *path;  ///< Without the query.
    const char *query; ///< Without the '?'; NULL: none.
    const char *host;
    const char *origin;
    const char *accept;
    const char *authorization;
    const char *content_type;
    const void *body;
    size_t body_size; ///< Above PORTAL_BODY_LIMIT: `body` is not looked at.
};

struct portal_header {
    const char *name;
    const char *value;
};

/// Valid until the next request. To HEAD, send everything but the body.
struct portal_reply {
    unsigned status;
    struct portal_header headers[PORTAL_HEADER_LIMIT];
    size_t header_count;
    const char *body;
    size_t body_size;
};

/// Storage for a portal, owned by the caller. Use it only through the functions below.
struct portal {
    const struct portal_host *host;
    struct pairing_session *pairing; ///< NULL: this device does not pair.
    uint64_t now_ms;
    struct portal_facts facts; ///< As of this request.
    struct portal_submission submission;
    struct json_reader json;
    struct wifi_network networks[WIFI_NETWORK_LIMIT];
    uint8_t sealed[PORTAL_SEALED_SIZE]; ///< Of a request, opened in place.
    char location[PORTAL_LOCATION_SIZE];
    char out[PORTAL_OUT_SIZE];
};

/// `host` and `pairing`, which may be NULL, must outlive the portal.
void portal_init(struct portal *portal, const struct portal_host *host,
                 struct pairing_session *pairing);

/// Answers any request whatever. Afterwards the portal holds no password and no token. `now_ms` is
/// the time on a monotonic clock.
void portal_answer(struct portal *portal, const struct portal_request *request, uint64_t now_ms,
                   struct portal_reply *reply);
