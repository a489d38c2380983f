// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <openssl/x509v3.h>

#include "authority_parts.h"

enum { NAMES_SIZE = 2048, DAY_S = 86400 };

const char *const authority_server_folders[] = { "broker", "https", "devices_api", "ohmd", NULL };

static bool is_address(const char *host)
{
    uint8_t bytes[16];
    return inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1;
}

/// A name that means nothing in OpenSSL's configuration language.
static bool is_host(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-";
    const size_t size = strlen(host);
    return is_address(host) || (size > 0 && size < 254 && strspn(host, allowed) == size);
}

static enum status write_names(const struct authority *authority, char names[NAMES_SIZE],
                               char reason[AUTHORITY_REASON_SIZE])
{
    size_t used = (size_t)snprintf(names, NAMES_SIZE, "DNS:localhost,IP:127.0.0.1,IP:::1");
    for (size_t i = 0; i < authority->options.host_count; i++) {
        const char *host = authority->options.hosts[i];
        if (!is_host(host)) {
            return authority_refuse(reason, STATUS_INVALID, "'%.64s' is no host name", host);
        }
        const int more = snprintf(names + used, NAMES_SIZE - used, ",%s:%s",
                                  is_address(host) ? "IP" : "DNS", host);
        if (more < 0 || (size_t)more >= NAMES_SIZE - used) {
            return authority_refuse(reason, STATUS_INVALID, "there are too many host names");
        }
        used += (size_t)more;
    }
    return STATUS_OK;
}

static bool has_hosts(X509 *certificate, const struct authority *authority)
{
    for (size_t i = 0; i < authority->options.host_count; i++) {
        const char *host = authority->options.hosts[i];
        if (is_address(host) ? X509_check_ip_asc(certificate, host, 0) != 1
                             : X509_check_host(certificate, host, 0, 0, NULL) != 1) {
            return false;
        }
    }
    return true;
}

/// Whether the certificate may stay: signed by today's issuer, not in its last third, with the
/// names.
static bool is_good(const struct authority_pair *pair, X509 *issuer, bool named,
                    const struct authority *authority)
{
    X509 *certificate = pair->certificate;
    if (certificate == NULL || pair->key == NULL ||
        X509_verify(certificate, X509_get0_pubkey(issuer)) != 1) {
        return false;
    }
    const int64_t begin = certificate_begin(certificate);
    const int64_t end = certificate_end(certificate);
    return authority->options.now_s < end - (end - begin) / 3 &&
           (!named || has_hosts(certificate, authority));
}

static int64_t earlier(int64_t one, int64_t other)
{
    return one < other ? one : other;
}

static enum status need_server(struct authority *authority, const char *folder, const char *names,
                               char reason[AUTHORITY_REASON_SIZE])
{
    const bool client = names == NULL;
    const enum authority_part part = client ? AUTHORITY_PART_DEVICES : AUTHORITY_PART_SERVERS;
    const struct authority_pair *issuer = &authority->part[part];
    char path[SECRET_FILE_PATH_SIZE];
    char certificate_file[64];
    char key_file[64];
    struct authority_pair pair = { NULL, NULL };

    (void)snprintf(certificate_file, sizeof certificate_file, "%s/cert.pem", folder);
    (void)snprintf(key_file, sizeof key_file, "%s/key.pem", folder);
    (void)snprintf(path, sizeof path, "%s/%s", authority->folder, folder);
    if (!authority->options.read_only && mkdir(path, 0700) != 0 && errno != EEXIST) {
        return authority_refuse(reason, STATUS_IO, "%s: %s", path, strerror(errno));
    }
    enum status status =
        authority_load(authority, folder, certificate_file, key_file, &pair, reason);
    if (status == STATUS_OK && !is_good(&pair, issuer->certificate, !client, authority) &&
        !authority->options.read_only) {
        const struct certificate_extension extensions[] = {
            { NID_basic_constraints, "critical,CA:FALSE" },
            { NID_key_usage, "critical,digitalSignature" },
            { NID_ext_key_usage, client ? "clientAuth" : "serverAuth" },
            { NID_subject_key_identifier, "hash" },
            { NID_authority_key_identifier, "keyid:always" },
            { NID_subject_alt_name, names },
        };
        if (pair.key == NULL) {
            // A certificate without its key is worth nothing, and must not meet the next key.
            (void)snprintf(path, sizeof path, "%s/%s", authority->folder, certificate_file);
            (void)unlink(path);
        }
        status = authority_need_key(authority, key_file, &pair, reason);
        const struct certificate_recipe recipe = {
            .organisation = authority->organisation,
            .common_name = client ? AUTHORITY_SERVER_NAME : folder,
            .key = pair.key,
            .issuer = issuer->certificate,
            .issuer_key = issuer->key,
            .not_before_s = authority->options.now_s - CERTIFICATE_EARLY_S,
            .not_after_s =
                earlier(authority->options.now_s + INT64_C(1) * AUTHORITY_SERVER_DAYS * DAY_S,
                        certificate_end(issuer->certificate)),
            .extensions = extensions,
            .extension_count = client ? 5 : 6,
        };
        if (status == STATUS_OK) {
            status = authority_certify(authority, certificate_file, &recipe, authority->pem[part],
                                       &pair, reason);
        }
    }
    authority_clear(&pair);
    return status;
}

enum status authority_need_servers(struct authority *authority, char reason[AUTHORITY_REASON_SIZE])
{
    char names[NAMES_SIZE];
    enum status status = write_names(authority, names, reason);
    for (size_t i = 0; status == STATUS_OK && authority_server_folders[i] != NULL; i++) {
        const bool client = strcmp(authority_server_folders[i], "ohmd") == 0;
        status = need_server(authority, authority_server_folders[i], client ? NULL : names, reason);
    }
    return status;
}
