# The commands that pass lesson 3.  A line that begins with #: says what the lesson's text says at this point.
#: address START = 000200
step
#: psw address = 000206
#: guest psw = 00000000 00000206
#: real psw = 070D0000 00000206
#: guest mask = 00
#: real mask = 07
answer 07
stage 2
#: real psw address = 00001300
stage 2
answer PRV-2
answer reflect
stage 2
#: guest mask = FE
#: guest psw = FE000000 0000020A
#: real psw = 070D0000 0000020A
back
#: guest mask = 00
until SVCINT
#: storage 20 4 = FF150001
storage 20
until PGMINT
until PGMINT
#: storage 28 4 = FF150002
storage 28
answer PRV-1
run
#: psw address = 00E0D0
load bare kernel
run
