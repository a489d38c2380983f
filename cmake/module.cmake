# One call declares a module, its layer and everything it may see:
#
#   module(relay_bank LAYER core SOURCES relay_bank.c PUBLIC status [PRIVATE ...]
#          [EXTERNAL PkgConfig::sqlite ...] [TEST test_relay_bank.c] [FUZZ fuzz_relay_bank.c])
#
# A module's folder is its public include path, and includes travel only along link edges:
# what you do not link, you cannot include. A module without SOURCES is headers only.
#
# The file stands alone: a build that is not ours (an ESP-IDF component, say) includes it and then
# adds base/ and firmware/core/. Tests, fuzz targets and nm checks appear only with BUILD_TESTING.

include_guard(GLOBAL)

set(OHM_MODULE_ROOT "${CMAKE_CURRENT_LIST_DIR}/..")

set(OHM_MAY_USE_base   base)
set(OHM_MAY_USE_core   base core)
set(OHM_MAY_USE_adapter base adapter)         # outside libraries behind tables of base
set(OHM_MAY_USE_port   base adapter core port)
set(OHM_MAY_USE_app    base adapter core port) # firmware composition roots
set(OHM_MAY_USE_boot   base adapter boot)    # the A/B supervisor
set(OHM_MAY_USE_domain base domain)          # server rules, no I/O
set(OHM_MAY_USE_store  base adapter domain store)
set(OHM_MAY_USE_edge   base adapter domain edge) # HTTP and MQTT
set(OHM_MAY_USE_daemon base adapter domain store edge daemon)
set(OHM_MAY_USE_guard  base adapter guard)   # the broker plugin
set(OHM_MAY_USE_cli    base adapter cli)
set(OHM_MAY_USE_sim    base adapter core port sim) # the world outside the device, and many devices

# Libraries from outside stop at the borders: the device's mind and the fleet's rules use none.
set(OHM_NO_EXTERNAL base core domain)

# Everything else runs on Linux and may use what POSIX and glibc offer.
set(OHM_HOSTED adapter port app boot store edge daemon guard cli sim)

set(OHM_WARNINGS
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wswitch-enum -Wmissing-prototypes
  -Wstrict-prototypes -Wundef -Wvla -Wformat=2 -Wdouble-promotion
  # A message for people may be cut short; where that matters the code looks at snprintf's result.
  $<$<C_COMPILER_ID:GNU>:-Wno-format-truncation>)

function(module name)
  cmake_parse_arguments(ARG "" "LAYER" "SOURCES;PUBLIC;PRIVATE;EXTERNAL;TEST;TEST_LINKS;FUZZ" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${name}: module() does not know ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT DEFINED OHM_MAY_USE_${ARG_LAYER})
    message(FATAL_ERROR "${name}: there is no layer '${ARG_LAYER}'")
  endif()
  ohm_check_edges(${name} ${ARG_LAYER} ${ARG_PUBLIC} ${ARG_PRIVATE})
  if(ARG_EXTERNAL AND ARG_LAYER IN_LIST OHM_NO_EXTERNAL)
    message(FATAL_ERROR "${name} (${ARG_LAYER}) may not use ${ARG_EXTERNAL}: ${ARG_LAYER} has no outside libraries")
  endif()

  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE} ${ARG_EXTERNAL})
    target_compile_options(${name} PRIVATE ${OHM_WARNINGS} -ffp-contract=off)
    set_target_properties(${name} PROPERTIES C_STANDARD 11 C_STANDARD_REQUIRED ON)
    if(ARG_LAYER IN_LIST OHM_HOSTED)
      target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
    endif()
  else()
    add_library(${name} INTERFACE)
    target_include_directories(${name} INTERFACE ${CMAKE_CURRENT_SOURCE_DIR})
    target_link_libraries(${name} INTERFACE ${ARG_PUBLIC})
  endif()
  set_target_properties(${name} PROPERTIES LAYER ${ARG_LAYER})

  if(NOT BUILD_TESTING)
    return()
  endif()
  if(ARG_SOURCES AND (ARG_LAYER STREQUAL "core" OR ARG_LAYER STREQUAL "base"))
    add_test(NAME ${name}.no_heap
      COMMAND ${OHM_MODULE_ROOT}/tools/check_no_heap.sh ${CMAKE_NM} $<TARGET_FILE:${name}>)
  endif()
  foreach(source IN LISTS ARG_TEST)
    get_filename_component(test ${source} NAME_WE)
    add_executable(${test} ${source})
    target_link_libraries(${test} PRIVATE ${name} ${ARG_PRIVATE} ${ARG_TEST_LINKS} PkgConfig::cmocka)
    target_compile_options(${test} PRIVATE ${OHM_WARNINGS})
    target_compile_definitions(${test} PRIVATE _GNU_SOURCE)
    string(REGEX REPLACE "^test_" "" label ${test})
    add_test(NAME ${label} COMMAND ${test})
  endforeach()
  foreach(source IN LISTS ARG_FUZZ)
    ohm_fuzz_target(${name} ${source})
  endforeach()
endfunction()

# Stops the configure step when `name` links to something undeclared or above its layer.
function(ohm_check_edges name layer)
  foreach(used IN LISTS ARGN)
    if(NOT TARGET ${used})
      message(FATAL_ERROR "${name} uses ${used}, which is not declared above it")
    endif()
    get_target_property(used_layer ${used} LAYER)
    if(NOT used_layer IN_LIST OHM_MAY_USE_${layer})
      message(FATAL_ERROR "${name} (${layer}) may not use ${used} (${used_layer})")
    endif()
  endforeach()
endfunction()

# A program: the same layer rule, for executables. program(ohmd LAYER daemon SOURCES main.c USES ...)
function(program name)
  cmake_parse_arguments(ARG "" "LAYER" "SOURCES;USES;EXTERNAL" ${ARGN})
  ohm_check_edges(${name} ${ARG_LAYER} ${ARG_USES})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_USES} ${ARG_EXTERNAL})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_compile_options(${name} PRIVATE ${OHM_WARNINGS})
endfunction()

# A fuzz target is one function, LLVMFuzzerTestOneInput. With clang's fuzzer (preset "fuzz") it
# explores; in every other build it replays the kept corpus of tests/fuzz/corpus/<name>.
function(ohm_fuzz_target name source)
  get_filename_component(fuzz ${source} NAME_WE)
  set(corpus ${OHM_MODULE_ROOT}/tests/fuzz/corpus/${fuzz})
  add_executable(${fuzz} ${source})
  target_link_libraries(${fuzz} PRIVATE ${name})
  target_compile_options(${fuzz} PRIVATE ${OHM_WARNINGS} -Wno-missing-prototypes)
  target_compile_definitions(${fuzz} PRIVATE _GNU_SOURCE)
  if(OHM_FUZZ)
    target_link_options(${fuzz} PRIVATE -fsanitize=fuzzer)
    add_test(NAME ${fuzz}
      COMMAND ${OHM_MODULE_ROOT}/tools/fuzz_briefly.sh $<TARGET_FILE:${fuzz}> ${corpus})
    set_tests_properties(${fuzz} PROPERTIES LABELS fuzz)
  else()
    target_sources(${fuzz} PRIVATE ${OHM_MODULE_ROOT}/tests/fuzz/replay_corpus.c)
    add_test(NAME ${fuzz} COMMAND ${fuzz} ${corpus})
  endif()
endfunction()

# A shared object for a program that is not ours: plugin(ohm_guard LAYER guard SOURCES ... USES ...).
# USES names every module in it. Their sources are compiled once more, for any address and without
# sanitizers, which a program built without them could not load.
function(plugin name)
  cmake_parse_arguments(ARG "" "LAYER" "SOURCES;USES;EXTERNAL" ${ARGN})
  ohm_check_edges(${name} ${ARG_LAYER} ${ARG_USES})
  add_library(${name} MODULE ${ARG_SOURCES})
  foreach(used IN LISTS ARG_USES)
    get_target_property(type ${used} TYPE)
    get_target_property(folder ${used} SOURCE_DIR)
    target_include_directories(${name} PRIVATE ${folder})
    if(type STREQUAL "STATIC_LIBRARY")
      get_target_property(sources ${used} SOURCES)
      list(TRANSFORM sources PREPEND ${folder}/)
      target_sources(${name} PRIVATE ${sources})
    endif()
  endforeach()
  set_target_properties(${name} PROPERTIES PREFIX "" C_VISIBILITY_PRESET hidden)
  target_link_libraries(${name} PRIVATE ${ARG_EXTERNAL})
  target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
  target_compile_options(${name} PRIVATE ${OHM_WARNINGS} -ffp-contract=off -fno-sanitize=all)
  target_link_options(${name} PRIVATE -fno-sanitize=all)
endfunction()
