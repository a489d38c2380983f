// SPDX-License-Identifier: MIT
#include "portal.h"

#include <string.h>

#include "constant_time.h"
#include "form_reader.h"
#include "portal_page.h"
#include "portal_pairing.h"
#include "portal_policy.h"
#include "portal_reply.h"
#include "portal_submit.h"
#include "ssid_text.h"

// Static page, no outside resources: script and style are the page's own, and nothing may frame it.
static const char page_policy[] = "default-src 'none'; script-src 'unsafe-inline'; style-src "
                                  "'unsafe-inline'; connect-src 'self'; "
                                  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

static const char html[] = "text/html; charset=utf-8";

/// What phones and computers ask to find out whether they are on the internet.
static const char *const probes[] = {
    "/generate_204",
    "/gen_204",                   // Android, ChromeOS
    "/hotspot-detect.html",       // iOS, macOS
    "/library/test/success.html", // iOS, macOS
    "/connecttest.txt",
    "/ncsi.txt", // Windows
    "/redirect", // Windows, when it opens the browser
    "/canonical.html",
    "/success.txt",              // Firefox
    "/check_network_status.txt", // NetworkManager
};

static void add_page_headers(struct portal_reply *reply)
{
    portal_reply_header(reply, "Content-Security-Policy", page_policy);
    portal_reply_header(reply, "X-Frame-Options", "DENY");
    // With "no-referrer" a browser would send the form with "Origin: null".
    portal_reply_header(reply, "Referrer-Policy", "same-origin");
}

static void answer_page(struct portal *portal, const struct portal_request *request,
                        struct portal_reply *reply)
{
    (void)portal;
    (void)request;
    portal_reply_init(reply, 200);
    portal_reply_header(reply, "Content-Type", html);
    add_page_headers(reply);
    reply->body = portal_page;
    reply->body_size = portal_page_size;
}

static bool wants_refresh(const struct portal_request *request)
{
    char value[8];
    size_t size = 0;
    return request->query != NULL &&
           form_reader_field(request->query, strlen(request->query), "refresh", value, sizeof value,
                             &size) == STATUS_OK &&
           portal_text_is(value, "true");
}

static void answer_networks(struct portal *portal, const struct portal_request *request,
                            struct portal_reply *reply)
{
    struct json_writer json;
    bool is_cached = false;
    int64_t shown = 0;
    const struct portal_host *host = portal->host;
    const size_t count = host->networks(host->ctx, wants_refresh(request), portal->networks,
                                        WIFI_NETWORK_LIMIT, &is_cached);

    portal_reply_begin_json(portal, &json);
    json_writer_begin_array(&json, "networks");
    for (size_t i = 0; i < count && i < WIFI_NETWORK_LIMIT; i++) {
        const struct wifi_network *network = &portal->networks[i];
        char name[SSID_TEXT_SIZE];
        if (network->ssid_size == 0) {
            continue; // Hidden: there is nothing to choose.
        }
        ssid_text(network->ssid, network->ssid_size, name);
        json_writer_begin_object(&json, NULL);
        json_writer_string(&json, "ssid", name);
        json_writer_integer(&json, "rssi", network->rssi_dbm);
        json_writer_integer(&json, "channel", network->channel);
        json_writer_boolean(&json, "secure", network->secure);
        json_writer_end_object(&json);
        shown++;
    }
    json_writer_end_array(&json);
    json_writer_integer(&json, "count", shown);
    json_writer_boolean(&json, "cached", is_cached);
    portal_reply_end_json(portal, reply, 200, &json);
}

static const char *progress_name(enum portal_progress progress)
{
    switch (progress) {
    case PORTAL_PROVISIONING:
        return "provisioning";
    case PORTAL_CONNECTED:
        return "connected";
    case PORTAL_DISCONNECTED:
        return "disconnected";
    }
    return "disconnected";
}

static void answer_status(struct portal *portal, const struct portal_request *request,
                          struct portal_reply *reply)
{
    struct json_writer json;
    struct portal_status status = { .state = "" };

    (void)request;
    portal->host->status(portal->host->ctx, &status);
    portal_reply_begin_json(portal, &json);
    json_writer_string(&json, "status", progress_name(status.progress));
    json_writer_string(&json, "ip", status.address);
    json_writer_string(&json, "state", status.state);
    if (status.reason != NULL) {
        json_writer_string(&json, "reason", status.reason);
    }
    portal_reply_end_json(portal, reply, 200, &json);
}

static void answer_about(struct portal *portal, const struct portal_request *request,
                         struct portal_reply *reply)
{
    struct json_writer json;
    (void)request;
    portal_reply_begin_json(portal, &json);
    json_writer_string(&json, "device_id", portal->facts.device_id);
    json_writer_boolean(&json, "open", portal->facts.is_open);
    json_writer_unsigned(&json, "closes_in_s", portal->facts.closes_in_s);
    json_writer_boolean(&json, "plain",
                        portal->facts.is_hotspot_safe && portal->facts.are_plain_taken);
    portal_reply_end_json(portal, reply, 200, &json);
}

/// The status for a browser without script; it asks again every two seconds.
static void answer_progress(struct portal *portal, const struct portal_request *request,
                            struct portal_reply *reply)
{
    struct portal_status status = { .state = "" };
    size_t size = 0;

    (void)request;
    portal->host->status(portal->host->ctx, &status);
    portal_append(portal, &size,
                  "<!doctype html><html lang=en><meta charset=utf-8>"
                  "<meta name=viewport content=\"width=device-width\">"
                  "<meta name=color-scheme content=\"light dark\">"
                  "<meta http-equiv=refresh content=2><title>Set-up</title><h1>Set-up</h1><p>");
    portal_append_html(portal, &size, progress_name(status.progress));
    portal_append(portal, &size, ": ");
    portal_append_html(portal, &size, status.state);
    if (status.address[0] != '\0') {
        portal_append(portal, &size, "<p>Address: ");
        portal_append_html(portal, &size, status.address);
    }
    if (status.reason != NULL) {
        portal_append(portal, &size, "<p>The last attempt failed: ");
        portal_append_html(portal, &size, status.reason);
    }
    portal_append(portal, &size, "<p><a href=\"/\">Back</a>");
    portal_reply_init(reply, 200);
    portal_reply_out(portal, reply, html, size);
    add_page_headers(reply);
}

static bool are_plain_taken(const struct portal *portal)
{
    return portal->facts.is_hotspot_safe && portal->facts.are_plain_taken;
}

static void answer_provision(struct portal *portal, const struct portal_request *request,
                             struct portal_reply *reply)
{
    struct portal_fault fault = portal_invalid_json;
    int64_t version = 1;
    const bool opened =
        json_reader_open(&portal->json, request->body, request->body_size) == STATUS_OK;
    if (opened && json_reader_integer(&portal->json, "v", &version) == STATUS_OK &&
        version == PAIRING_SEALED_VERSION) {
        portal_pairing_provision(portal, reply);
        return;
    }
    if (opened && !are_plain_taken(portal)) {
        fault = portal_pairing_required;
    } else if (opened &&
               portal_submit_read_json(&portal->json, false, &portal->submission, &fault) &&
               portal_submit_read_bearer(request->authorization, &portal->submission, &fault) &&
               portal_submit(portal, &fault)) {
        portal_reply_accepted(portal, reply);
        return;
    }
    portal_reply_fault(portal, reply, &fault);
}

static bool accepts_json(const struct portal_request *request)
{
    return request->accept != NULL && portal_text_is(request->accept, "application/json");
}

static void answer_save(struct portal *portal, const struct portal_request *request,
                        struct portal_reply *reply)
{
    struct portal_fault fault = portal_pairing_required;
    size_t size = 0;

    if (are_plain_taken(portal) &&
        portal_submit_read_form(request->body, request->body_size, &portal->submission, &fault) &&
        portal_submit(portal, &fault)) {
        if (accepts_json(request)) {
            portal_reply_accepted(portal, reply);
        } else {
            portal_reply_redirect(portal, reply, 303, "/progress");
        }
        return;
    }
    if (accepts_json(request)) {
        portal_reply_fault(portal, reply, &fault);
        return;
    }
    portal_append(portal, &size, fault.status == 400 ? "Invalid credentials: " : "Not saved: ");
    portal_append(portal, &size, fault.message != NULL ? fault.message : fault.error);
    for (unsigned i = 0; i < fault.missing_count; i++) {
        portal_append(portal, &size, i == 0 ? ": " : ", ");
        portal_append(portal, &size, fault.missing[i]);
    }
    portal_append(portal, &size, "\n");
    portal_reply_init(reply, fault.status);
    portal_reply_out(portal, reply, "text/plain; charset=utf-8", size);
}

struct route {
    const char *path;
    const char *body_type; ///< Of a POST; NULL: the path is read with GET.
    void (*answer)(struct portal *, const struct portal_request *, struct portal_reply *);
    bool is_api; ///< Pages of an allowed foreign origin may call it.
};

static const char json_type[] = "application/json";

static const struct route routes[] = {
    { "/", NULL, answer_page, false },
    { "/scan", NULL, answer_networks, true },
    { "/local-wifi", NULL, answer_networks, true },
    { "/status", NULL, answer_status, true },
    { "/about", NULL, answer_about, true },
    { "/progress", NULL, answer_progress, false },
    { "/provision", json_type, answer_provision, true },
    { "/pair/start", json_type, portal_pairing_start, true },
    { "/pair/finish", json_type, portal_pairing_finish, true },
    { "/save", "application/x-www-form-urlencoded", answer_save, false },
};

static const struct route *find_route(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (portal_text_is(routes[i].path, path)) {
            return &routes[i];
        }
    }
    return NULL;
}

static bool is_probe(const char *path)
{
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++) {
        if (portal_text_is(probes[i], path)) {
            return true;
        }
    }
    return false;
}

static void refuse(struct portal *portal, struct portal_reply *reply, unsigned status,
                   const char *error, const char *message)
{
    const struct portal_fault fault = { .status = status, .error = error, .message = message };
    portal_reply_fault(portal, reply, &fault);
}

static const char *allowed_methods(const struct route *route)
{
    return route->body_type != NULL ? "POST, OPTIONS" : "GET, HEAD, OPTIONS";
}

static void answer_post(struct portal *portal, const struct portal_request *request,
                        const struct route *route, struct portal_reply *reply)
{
    const bool allowed = portal_origin_is_own(request) ||
                         (route->is_api && portal_origin_is_allowed(portal, request));
    if (!allowed) {
        refuse(portal, reply, 403, "foreign_origin",
               "Pages of this origin may not set a device up");
    } else if (!portal_content_is(request, route->body_type)) {
        refuse(portal, reply, 415, "unsupported_media_type",
               route->body_type == json_type ? "Send Content-Type: application/json"
                                             : "Send a form: application/x-www-form-urlencoded");
    } else {
        route->answer(portal, request, reply);
    }
}

static void answer_route(struct portal *portal, const struct portal_request *request,
                         const struct route *route, struct portal_reply *reply)
{
    const bool reads =
        portal_text_is(request->method, "GET") || portal_text_is(request->method, "HEAD");
    if (portal_text_is(request->method, "OPTIONS")) {
        portal_reply_init(reply, 204);
        portal_reply_header(reply, "Allow", allowed_methods(route));
    } else if (reads && route->body_type == NULL) {
        route->answer(portal, request, reply);
    } else if (portal_text_is(request->method, "POST") && route->body_type != NULL) {
        answer_post(portal, request, route, reply);
    } else {
        refuse(portal, reply, 405, "method_not_allowed", NULL);
        portal_reply_header(reply, "Allow", allowed_methods(route));
    }
}

/// What a browser needs to let a foreign page call (Fetch Standard, CORS protocol). "*" is said to
/// everybody, as the seed of this interface does.
static void add_origin(struct portal *portal, const struct portal_request *request,
                       struct portal_reply *reply)
{
    const bool any = portal_text_is(portal->facts.origin, "*");
    if (!any) {
        portal_reply_header(reply, "Vary", "Origin");
    }
    if (!any && !portal_origin_is_allowed(portal, request)) {
        return;
    }
    portal_reply_header(reply, "Access-Control-Allow-Origin", portal->facts.origin);
    if (portal_text_is(request->method, "OPTIONS")) {
        portal_reply_header(reply, "Access-Control-Allow-Methods", "GET, POST, OPTIONS");
        portal_reply_header(reply, "Access-Control-Allow-Headers", "Content-Type, Authorization");
        portal_reply_header(reply, "Access-Control-Allow-Private-Network", "true");
        portal_reply_header(reply, "Access-Control-Max-Age", "600");
    }
}

static void answer(struct portal *portal, const struct portal_request *request,
                   struct portal_reply *reply)
{
    const bool reads =
        portal_text_is(request->method, "GET") || portal_text_is(request->method, "HEAD");
    const bool is_address = portal_host_is_address(request->host);
    const struct route *route = find_route(request->path);

    if (reads && (!is_address || is_probe(request->path))) {
        portal_reply_redirect(portal, reply, 302, "/");
    } else if (!is_address) {
        refuse(portal, reply, 403, "wrong_host", "Ask by the device's address");
    } else if (request->body_size > PORTAL_BODY_LIMIT) {
        refuse(portal, reply, 413, "too_large", "A request has up to 2048 bytes");
    } else if (route == NULL) {
        refuse(portal, reply, 404, "not_found", "There is nothing of this name; see /");
    } else {
        answer_route(portal, request, route, reply);
        if (route->is_api) {
            add_origin(portal, request, reply);
        }
    }
}

void portal_init(struct portal *portal, const struct portal_host *host,
                 struct pairing_session *pairing)
{
    *portal = (struct portal){ .host = host, .pairing = pairing };
}

void portal_answer(struct portal *portal, const struct portal_request *request, uint64_t now_ms,
                   struct portal_reply *reply)
{
    portal->now_ms = now_ms;
    portal->facts = (struct portal_facts){ .port = 80 };
    portal->host->facts(portal->host->ctx, &portal->facts);
    answer(portal, request, reply);
    constant_time_wipe(&portal->submission, sizeof portal->submission);
}
