// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "hotspot_identity.h"
#include "openssl_crypto.h"
#include "pairing_rig.h"

static void is_what_the_printed_code_says(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    struct pairing_rig rig;
    struct hotspot_identity identity;
    pairing_rig_init(&rig, &crypto);
    assert_int_equal(hotspot_identity_derive(&rig.keystore, "Ohmstead", &identity), STATUS_OK);
    assert_string_equal(identity.name, "Ohmstead-e677e7");
    assert_string_equal(identity.password, "AZN2DWITZT657Z22");
}

static void differs_for_another_secret_and_is_nothing_without_one(void **state)
{
    (void)state;
    const struct crypto crypto = openssl_crypto();
    struct pairing_rig rig;
    struct hotspot_identity identity;
    pairing_rig_init(&rig, &crypto);
    rig.secret[0] ^= 1;
    assert_int_equal(hotspot_identity_derive(&rig.keystore, "Ohmstead", &identity), STATUS_OK);
    assert_string_not_equal(identity.name, "Ohmstead-e677e7");
    assert_string_not_equal(identity.password, "AZN2DWITZT657Z22");
    rig.has_secret = false;
    assert_int_equal(hotspot_identity_derive(&rig.keystore, "Ohmstead", &identity), STATUS_MISSING);
    assert_string_equal(identity.name, "");
    assert_string_equal(identity.password, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_what_the_printed_code_says),
        cmocka_unit_test(differs_for_another_secret_and_is_nothing_without_one),
    };
    return cmocka_run_group_tests_name("hotspot_identity", tests, NULL, NULL);
}
