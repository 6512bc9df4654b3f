# SPDX-License-Identifier: MIT
# client_ethon.rb - libcurl by Ruby's FFI, with ethon, which Typhoeus is made of.
#
# Usage: client_ethon.rb easy|multi URL MILLISECONDS, after which it gives up. What ethon
# has made is cleaned up by the finalizers of FFI at the end of the program.
begin
  require "ethon"
rescue LoadError
  exit 77
end

way, url, give_up_ms = ARGV
easy = Ethon::Easy.new(url: url, timeout_ms: give_up_ms.to_i, nosignal: true)
$stdout.sync = true
puts "performs"
if way == "easy"
  easy.perform
else
  multi = Ethon::Multi.new
  multi.add(easy)
  multi.perform
end
puts easy.return_code, easy.response_body
exit 7
