***********************************************************************
*  TAPE: a drive at 180 with a blank tape that may be written, as
*  GA22-6866 and the description of the 2803 have it; a drive at 181
*  without a tape.
***********************************************************************
*        at the load point; the first operations
         BAL   R14,INSTR
         DC    AL2(1,X'180'),AL1(TIO,0),AL2(0)
         BAL   R14,STARTIO          rewind, at the load point
         DC    AL2(2,X'180'),AL1(1,1),AL2(CE),AL4(REWIND)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO
         DC    AL2(3,X'180'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             tape unit status A, load point
         DC    AL2(4,2),AL4(BYTES),AL4(X0048)
         BAL   R14,STARTIO          backspace there: unit check
         DC    AL2(5,X'180'),AL1(1,1),AL2(CE),AL4(BSB)
         DC    AL4(0),AL2(DE+UC+CUE,0)
*        three blocks: 100, 50, 18 bytes; a tape mark; one of 80
         BAL   R14,STARTIO
         DC    AL2(10,X'180'),AL1(0,1),AL2(0),AL4(WRITE3)
         DC    AL4(WRITE3+24),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(11,X'180'),AL1(1,1),AL2(CE),AL4(WTM)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO
         DC    AL2(12,X'180'),AL1(0,1),AL2(0),AL4(WRITE80)
         DC    AL4(WRITE80+8),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(13,X'180'),AL1(1,1),AL2(CE),AL4(WTM)
         DC    AL4(0),AL2(DE,0)
*        rewind: busy until device end
         BAL   R14,BEGIN
         DC    AL2(20,X'180'),AL1(1,0),AL2(CE),AL4(REWIND)
         BAL   R14,INSTR
         DC    AL2(21,X'180'),AL1(TIO,1),AL2(BUSY)
         BAL   R14,BEGIN
         DC    AL2(22,X'180'),AL1(1,0),AL2(BUSY),AL4(NOP)
         BAL   R14,TAKE
         DC    AL2(23,X'180'),AL4(0),AL2(DE,0)
         BAL   R14,INSTR
         DC    AL2(24,X'180'),AL1(TIO,0),AL2(0)
*        again, ended by TEST I/O
         BAL   R14,STARTIO
         DC    AL2(25,X'180'),AL1(1,1),AL2(CE),AL4(FSB)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,BEGIN
         DC    AL2(26,X'180'),AL1(1,0),AL2(CE),AL4(REWIND)
REWINDS  TIO   X'180'
         BC    8,BADEND             device end must come with cc 1
         CLI   CSW+4,X'10'          busy
         BE    REWINDS
         CLI   CSW+4,X'04'          device end
         BE    REWOUND
BADEND   BAL   R14,FAULT
         DC    AL2(27)
REWOUND  BAL   R14,INSTR
         DC    AL2(28,X'180'),AL1(TIO,0),AL2(0)
         BAL   R14,PENDING
         DC    AL2(29)
*        reading: exact, short, long, with SLI, with skip
         BAL   R14,STARTIO
         DC    AL2(30,X'180'),AL1(0,1),AL2(0),AL4(READ100)
         DC    AL4(READ100+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(31,100),AL4(INPUT),AL4(OUTPUT)
         BAL   R14,STARTIO          50 bytes, count 40
         DC    AL2(32,X'180'),AL1(0,1),AL2(0),AL4(READ40)
         DC    AL4(READ40+8),AL2(CEDE+IL,0)
         BAL   R14,STARTIO          18 bytes, count 100
         DC    AL2(33,X'180'),AL1(0,1),AL2(0),AL4(READ100)
         DC    AL4(READ100+8),AL2(CEDE+IL,82)
         BAL   R14,STARTIO          the tape mark
         DC    AL2(34,X'180'),AL1(0,1),AL2(0),AL4(READ100)
         DC    AL4(READ100+8),AL2(CEDE+UX+IL,100)
         BAL   R14,STARTIO          backward over the mark
         DC    AL2(35,X'180'),AL1(0,1),AL2(0),AL4(BACK100)
         DC    AL4(BACK100+8),AL2(CEDE+UX+IL,100)
*        backward: the last byte to the highest address
         BAL   R14,CLEAR
         BAL   R14,STARTIO          18 bytes
         DC    AL2(40,X'180'),AL1(0,1),AL2(0),AL4(BACK18)
         DC    AL4(BACK18+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(41,18),AL4(INPUT),AL4(OUTPUT)
         BAL   R14,CLEAR
         BAL   R14,STARTIO          50 bytes, count 40: the last 40
         DC    AL2(42,X'180'),AL1(0,1),AL2(0),AL4(BACK40)
         DC    AL4(BACK40+8),AL2(CEDE+IL,0)
         BAL   R14,SAME
         DC    AL2(43,40),AL4(INPUT),AL4(OUTPUT+10)
         BAL   R14,CLEAR
         BAL   R14,STARTIO          100 bytes, data chained 60 and 40
         DC    AL2(44,X'180'),AL1(0,1),AL2(0),AL4(BACK6040)
         DC    AL4(BACK6040+16),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(45,60),AL4(INPUT+100),AL4(OUTPUT+40)
         BAL   R14,SAME
         DC    AL2(46,40),AL4(INPUT),AL4(OUTPUT)
         BAL   R14,STARTIO          load point: unit check
         DC    AL2(47,X'180'),AL1(0,1),AL2(0),AL4(BACK40)
         DC    AL4(BACK40+8),AL2(CEDE+UC+IL,40)
*        spacing
         BAL   R14,STARTIO          file: no exception
         DC    AL2(50,X'180'),AL1(1,1),AL2(CE),AL4(FSF)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,CLEAR
         BAL   R14,STARTIO
         DC    AL2(51,X'180'),AL1(0,1),AL2(0),AL4(READ80)
         DC    AL4(READ80+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(52,80),AL4(INPUT),AL4(OUTPUT+20)
         BAL   R14,STARTIO          block over the mark: unit exception
         DC    AL2(53,X'180'),AL1(1,1),AL2(CE),AL4(FSB)
         DC    AL4(0),AL2(DE+UX+CUE,0)
         BAL   R14,STARTIO          back over it
         DC    AL2(54,X'180'),AL1(1,1),AL2(CE),AL4(BSB)
         DC    AL4(0),AL2(DE+UX+CUE,0)
         BAL   R14,STARTIO          back two files
         DC    AL2(55,X'180'),AL1(1,1),AL2(CE),AL4(BSF)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          the mark again, forward
         DC    AL2(56,X'180'),AL1(0,1),AL2(0),AL4(READ100)
         DC    AL4(READ100+8),AL2(CEDE+UX+IL,100)
         BAL   R14,STARTIO
         DC    AL2(57,X'180'),AL1(1,1),AL2(CE),AL4(BSF)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          the load point ends it: unit check
         DC    AL2(58,X'180'),AL1(1,1),AL2(CE),AL4(BSF)
         DC    AL4(0),AL2(DE+UC+CUE,0)
*        a chain: rewind, skip a block, read the next, back, read it
         BAL   R14,CLEAR
         BAL   R14,STARTIO
         DC    AL2(60,X'180'),AL1(0,1),AL2(0),AL4(CHAIN)
         DC    AL4(CHAIN+40),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(61,50),AL4(INPUT),AL4(OUTPUT)
         BAL   R14,SAME             the first read was skipped
         DC    AL2(62,50),AL4(INPUT+50),AL4(ZEROS)
*        a chain ends at unit exception
         BAL   R14,STARTIO
         DC    AL2(63,X'180'),AL1(0,1),AL2(0),AL4(READ18T)
         DC    AL4(READ18T+16),AL2(CEDE+UX+IL,100)
*        wrong commands
         BAL   R14,STARTIO          no such command
         DC    AL2(70,X'180'),AL1(1,0),AL2(UC),AL4(WRONG)
         BAL   R14,STARTIO
         DC    AL2(71,X'180'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             command reject
         DC    AL2(72,1),AL4(BYTES),AL4(X80)
         BAL   R14,STARTIO          no-op is accepted
         DC    AL2(73,X'180'),AL1(1,0),AL2(CEDE),AL4(NOP)
*        no tape
         BAL   R14,BEGIN
         DC    AL2(80,X'181'),AL1(1,0),AL2(UC),AL4(READ100)
         BAL   R14,BEGIN
         DC    AL2(81,X'181'),AL1(0,0),AL2(0),AL4(SENSE)
         BAL   R14,TAKE
         DC    AL2(81,X'181'),AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME             intervention required; status B
         DC    AL2(82,1),AL4(BYTES),AL4(X40)
         TM    BYTES+1,X'60'
         BC    4,STATUSB
         BAL   R14,FAULT
         DC    AL2(83)
*        device end that waits: START I/O finds busy and takes it
STATUSB  BAL   R14,BEGIN
         DC    AL2(90,X'180'),AL1(1,0),AL2(CE),AL4(REWIND)
         BAL   R14,DELAY
         BAL   R14,BEGIN
         DC    AL2(91,X'180'),AL1(1,0),AL2(BUSY+DE),AL4(NOP)
         BAL   R14,PENDING
         DC    AL2(92)
         BAL   R14,STARTIO
         DC    AL2(93,X'180'),AL1(1,0),AL2(CEDE),AL4(NOP)
*        it leaves the channel to others
         BAL   R14,BEGIN
         DC    AL2(94,X'180'),AL1(1,0),AL2(CE),AL4(FSB)
         BAL   R14,DELAY
         BAL   R14,INSTR
         DC    AL2(95,X'181'),AL1(TIO,1),AL2(UC)
         BAL   R14,TAKE
         DC    AL2(96,X'180'),AL4(0),AL2(DE,0)
*        ends that wait in the channel: START I/O finds it busy
         BAL   R14,BEGIN
         DC    AL2(97,X'180'),AL1(0,0),AL2(0),AL4(READ40)
         BAL   R14,DELAY
         BAL   R14,BEGIN
         DC    AL2(98,X'180'),AL1(2,0),AL2(0),AL4(NOP)
         TIO   X'181'               a selector channel to others too
         BC    6,HELD
         BAL   R14,FAULT
         DC    AL2(99)
HELD     EQU   *
         BAL   R14,TAKE
         DC    AL2(100,X'180'),AL4(READ40+8),AL2(CEDE+IL,0)
*        the mask of another channel does not let it in
         BAL   R14,BEGIN
         DC    AL2(101,X'180'),AL1(1,0),AL2(CE),AL4(REWIND)
         BAL   R14,DELAY
         SSM   OTHERS
         NOP   0
         SSM   NOMASK
         BAL   R14,TAKE
         DC    AL2(102,X'180'),AL4(0),AL2(DE,0)
*        rewind and unload: not ready then
         BAL   R14,BEGIN
         DC    AL2(110,X'180'),AL1(1,0),AL2(CE),AL4(UNLOAD)
         BAL   R14,DELAY
UNLOADS  TIO   X'180'
         BC    2,UNLOADS
         CLI   CSW+4,X'10'          busy
         BE    UNLOADS
         BAL   R14,DELAY
         TIO   X'180'
         BAL   R14,BEGIN
         DC    AL2(111,X'180'),AL1(1,0),AL2(UC),AL4(READ40)
         B     DONE
DELAY    L     R2,=F'12000'
         BCT   R2,*
         BR    R14
OTHERS   DC    X'BE'
UNLOAD   CCW   X'0F',0,X'20',1
*
CLEAR    XC    INPUT(200),INPUT
         BR    R14
REWIND   CCW   X'07',0,X'20',1
SENSE    CCW   X'04',BYTES,X'20',6
NOP      CCW   X'03',0,X'20',1
BSB      CCW   X'27',0,X'20',1
BSF      CCW   X'2F',0,X'20',1
FSB      CCW   X'37',0,X'20',1
FSF      CCW   X'3F',0,X'20',1
WTM      CCW   X'1F',0,X'20',1
WRONG    CCW   X'45',0,X'20',1
WRITE3   CCW   X'01',OUTPUT,X'40',100
         CCW   X'01',OUTPUT,X'40',50
         CCW   X'01',OUTPUT,0,18
WRITE80  CCW   X'01',OUTPUT+20,0,80
READ100  CCW   X'02',INPUT,0,100
READ80   CCW   X'02',INPUT,0,80
READ40   CCW   X'02',INPUT,0,40
BACK100  CCW   X'0C',INPUT+99,0,100
BACK40   CCW   X'0C',INPUT+39,0,40
BACK18   CCW   X'0C',INPUT+17,0,18
BACK6040 CCW   X'0C',INPUT+159,X'80',60
         CCW   0,INPUT+39,0,40
CHAIN    CCW   X'07',0,X'60',1
         CCW   X'37',0,X'60',1
         CCW   X'02',INPUT+50,X'50',50
         CCW   X'27',0,X'60',1
         CCW   X'02',INPUT,0,50
READ18T  CCW   X'02',INPUT,X'40',18
         CCW   X'02',INPUT,X'40',100
         CCW   X'02',INPUT,0,100
X0048    DC    X'0048'
X80      DC    X'80'
X40      DC    X'40'
BYTES    DC    XL24'00'
ZEROS    DC    XL60'00'
         LTORG
OUTPUT   DC    C'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 012345'
         DC    C'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMN'
INPUT    DC    XL200'00'
         END   MONITOR
