// SPDX-License-Identifier: MIT
#include "portal_policy.h"

#include "portal_reply.h"

bool portal_host_is_address(const char *host)
{
    static const char local[] = "localhost";
    if (host == NULL) {
        return true;
    }
    if (host[0] == '[') {
        return true; // RFC 3986 section 3.2.2: in brackets there is an address.
    }
    size_t same = 0;
    while (local[same] != '\0' && host[same] == local[same]) {
        same++;
    }
    if (local[same] == '\0' && (host[same] == '\0' || host[same] == ':')) {
        return true;
    }
    // No top-level domain is a number, so digits and dots are an address.
    size_t size = 0;
    while ((host[size] >= '0' && host[size] <= '9') || host[size] == '.') {
        size++;
    }
    return size > 0 && (host[size] == '\0' || host[size] == ':');
}

bool portal_origin_is_own(const struct portal_request *request)
{
    static const char scheme[] = "http://";
    const char *origin = request->origin;
    if (origin == NULL) {
        return true;
    }
    for (const char *letter = scheme; *letter != '\0'; letter++, origin++) {
        if (*origin != *letter) {
            return false;
        }
    }
    return request->host != NULL && portal_text_is(origin, request->host);
}

bool portal_origin_is_allowed(const struct portal *portal, const struct portal_request *request)
{
    const char *allowed = portal->facts.origin;
    return request->origin != NULL && allowed[0] != '\0' &&
           (portal_text_is(allowed, "*") || portal_text_is(allowed, request->origin));
}

bool portal_content_is(const struct portal_request *request, const char *type)
{
    const char *given = request->content_type;
    if (given == NULL) {
        return false;
    }
    for (; *type != '\0'; type++, given++) {
        const bool is_capital = *given >= 'A' && *given <= 'Z';
        if (*given + (is_capital ? 'a' - 'A' : 0) != *type) {
            return false;
        }
    }
    return *given == '\0' || *given == ';' || *given == ' ' || *given == '\t';
}
