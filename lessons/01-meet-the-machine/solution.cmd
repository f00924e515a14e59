# The commands that pass lesson 1.  A line that begins with #: says what the lesson's text says at this point.
#: address BEGIN = 001000
#: step = 0
step 4
#: address LOOP = 00100C
#: register 3 = 00000000
#: register 2 = 00001020
#: word TABLE = 0000000A
answer A
step
#: cc = 2
#: register 3 = 0000000A
answer positive
storage TABLE
answer 1E
run
#: word SUM = 00000064
storage SUM
back 2
#: address STORE = 001018
#: word SUM = 00000000
storage SUM
edit 7 LA 4,5
run
#: word SUM = 00000096
