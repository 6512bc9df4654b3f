# SPDX-License-Identifier: MIT
# client_cmake.cmake - file(DOWNLOAD) of CMake, which is linked to libcurl.
#
# Usage: cmake -P client_cmake.cmake URL SECONDS, after which it gives up.
message(STATUS "downloads")
file(DOWNLOAD ${CMAKE_ARGV3} TIMEOUT ${CMAKE_ARGV4} STATUS status)
message(STATUS "${status}")
