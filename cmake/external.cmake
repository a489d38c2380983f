# The libraries from Debian 12 that this build uses; README.md says why each was chosen.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

pkg_check_modules(openssl REQUIRED IMPORTED_TARGET openssl>=3.0)
pkg_check_modules(mosquitto REQUIRED IMPORTED_TARGET libmosquitto>=2.0)
pkg_check_modules(microhttpd REQUIRED IMPORTED_TARGET libmicrohttpd>=0.9.75)
pkg_check_modules(gnutls REQUIRED IMPORTED_TARGET gnutls>=3.7)
pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3>=3.40)
pkg_check_modules(cjson REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(argon2 REQUIRED IMPORTED_TARGET libargon2)
pkg_check_modules(curl REQUIRED IMPORTED_TARGET libcurl)
pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode)
# Headers alone: what a plugin calls is in the broker that loads it.
find_path(OHM_MOSQUITTO_PLUGIN mosquitto_plugin.h REQUIRED)
pkg_check_modules(p11kit REQUIRED IMPORTED_TARGET p11-kit-1)
if(BUILD_TESTING)
  pkg_check_modules(cmocka REQUIRED IMPORTED_TARGET cmocka)
  pkg_check_modules(kissfft REQUIRED IMPORTED_TARGET kissfft-float)
  pkg_check_modules(zbar REQUIRED IMPORTED_TARGET zbar)
  # mbedTLS 2.28 has no description for pkg-config.
  find_library(OHM_MBEDCRYPTO mbedcrypto REQUIRED)
  add_library(mbedcrypto UNKNOWN IMPORTED)
  set_target_properties(mbedcrypto PROPERTIES IMPORTED_LOCATION ${OHM_MBEDCRYPTO})
endif()
