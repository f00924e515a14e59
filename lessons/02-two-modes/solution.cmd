# The commands that pass lesson 2.  A line that begins with #: says what the lesson's text says at this point.
#: step = 0
step 3
#: address ENTER = 00100E
#: storage USER 8 = 00010000 0000102A
answer 1
step
step
#: address COUNT = 00102E
stage 2
#: address SERVICE = 001012
#: storage 20 8 = 00010001 40001030
answer 1030
step 4
#: address STOP = 001030
#: register 5 = 0000002A
answer trap
step
#: storage 28 8 = 00010002 80001034
#: address MISTAKE = 001026
storage 28
back
#: word 28 = 00000000
edit 24 SVC 2
run
#: psw address = 000600
#: storage BAD+5 3 = 000BAD
