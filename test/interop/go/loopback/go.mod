module sluice.test/loopback

go 1.26
