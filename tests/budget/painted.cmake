# A meter of the core's tasks on painted stacks, for QEMU. The fakes are the tests' own; their modules exist
# with BUILD_TESTING only, so their sources are taken here.
add_executable(painted painted.c painted_device.c painted_meter.c painted_fleet.c stack_paint.c
  stack_switch_${OHM_STACK_SWITCH}.c ${OHM_ROOT}/firmware/core/tasks/fake_fleet/fake_fleet.c)
target_include_directories(painted PRIVATE ${OHM_ROOT}/firmware/core/tasks/fake_fleet)
target_compile_options(painted PRIVATE ${OHM_WARNINGS})
target_link_libraries(painted PRIVATE metering_engine code_generator communication_task shift_register record_store journal
  json_writer)
