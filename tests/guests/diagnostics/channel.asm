***********************************************************************
*  CHANNEL: a drive at 180 with a blank tape that may be written, a
*  drive at 181 without a tape, a card reader at 00C without cards, a
*  printer at 00E.  There is nothing at 0F0 and no channel 5.
***********************************************************************
*        what is not there
         BAL   R14,INSTR
         DC    AL2(1,X'0F0'),AL1(TIO,3),AL2(0)
         BAL   R14,INSTR
         DC    AL2(2,X'5F0'),AL1(TIO,3),AL2(0)
         BAL   R14,INSTR
         DC    AL2(3,X'5F0'),AL1(TCH,3),AL2(0)
         BAL   R14,INSTR
         DC    AL2(4,X'0F0'),AL1(HIO,3),AL2(0)
         BAL   R14,BEGIN
         DC    AL2(5,X'0F0'),AL1(3,0),AL2(0),AL4(NOP)
         BAL   R14,INSTR
         DC    AL2(6,X'000'),AL1(TCH,0),AL2(0)
         BAL   R14,INSTR
         DC    AL2(7,X'100'),AL1(TCH,0),AL2(0)
         BAL   R14,INSTR
         DC    AL2(8,X'00E'),AL1(TIO,0),AL2(0)
*        commands that end at once
         BAL   R14,STARTIO
         DC    AL2(10,X'00E'),AL1(1,0),AL2(CEDE),AL4(NOP)
         BAL   R14,STARTIO
         DC    AL2(11,X'180'),AL1(1,0),AL2(CEDE),AL4(NOP)
         BAL   R14,STARTIO          a chain of them does not
         DC    AL2(12,X'00E'),AL1(0,1),AL2(0),AL4(NOPNOP)
         DC    AL4(NOPNOP+16),AL2(CEDE,1)
*        program checks when the operation is started
         BAL   R14,STARTIO          CAW: key of zero, bit 7 is one
         DC    AL2(20,X'180'),AL1(1,0),AL2(PGMCK),AL1(1),AL3(NOP)
         BAL   R14,STARTIO          CAW: not on a doubleword
         DC    AL2(21,X'180'),AL1(1,0),AL2(PGMCK),AL4(NOP+4)
         BAL   R14,STARTIO          CAW: beyond storage
         DC    AL2(22,X'180'),AL1(1,0),AL2(PGMCK),AL4(X'FFFFF8')
         BAL   R14,STARTIO          TIC first
         DC    AL2(23,X'180'),AL1(1,0),AL2(PGMCK),AL4(TICNOP)
         BAL   R14,STARTIO          command code of zero
         DC    AL2(24,X'180'),AL1(1,0),AL2(PGMCK),AL4(CMD00)
         BAL   R14,STARTIO          command code of F0
         DC    AL2(25,X'180'),AL1(1,0),AL2(PGMCK),AL4(CMDF0)
         BAL   R14,STARTIO          count of zero
         DC    AL2(26,X'180'),AL1(1,0),AL2(PGMCK),AL4(COUNT0)
         BAL   R14,STARTIO          bit 39 is one
         DC    AL2(27,X'180'),AL1(1,0),AL2(PGMCK),AL4(BIT39)
         BAL   R14,STARTIO          the same at a device that is not
         DC    AL2(28,X'180'),AL1(1,0),AL2(PGMCK),AL4(BIT38)
*        program checks in a chain
         BAL   R14,STARTIO          TIC to a TIC
         DC    AL2(30,X'180'),AL1(0,1),AL2(0),AL4(TICTIC)
         DC    AL4(TIC2+8),AL2(PGMCK,ANY)
         BAL   R14,STARTIO          TIC to what is no doubleword
         DC    AL2(31,X'180'),AL1(0,1),AL2(0),AL4(TICODD)
         DC    AL4(TICODD+16),AL2(PGMCK,ANY)
         BAL   R14,STARTIO          chained to a count of zero
         DC    AL2(32,X'180'),AL1(0,1),AL2(0),AL4(CHAIN0)
         DC    AL4(CHAIN0+16),AL2(PGMCK,ANY)
         BAL   R14,STARTIO          chained to a command of zero
         DC    AL2(33,X'180'),AL1(0,1),AL2(0),AL4(CHAIN00)
         DC    AL4(CHAIN00+16),AL2(PGMCK,ANY)
*        a tape of two blocks of 100 bytes to read
         BAL   R14,STARTIO
         DC    AL2(40,X'180'),AL1(0,1),AL2(0),AL4(WRITES)
         DC    AL4(WRITES+24),AL2(CEDE,0)
*        the channel while it works, and with an interruption pending
         BAL   R14,BEGIN
         DC    AL2(50,X'180'),AL1(0,0),AL2(0),AL4(REWREAD)
         BAL   R14,INSTR
         DC    AL2(51,X'180'),AL1(TIO,2),AL2(0)
WORKS    TCH   X'100'
         BC    2,WORKS
         BC    4,ENDED
         BAL   R14,FAULT
         DC    AL2(52)
ENDED    BAL   R14,INSTR
         DC    AL2(53,X'100'),AL1(TCH,1),AL2(ANY)
         BAL   R14,BEGIN
         DC    AL2(54,X'180'),AL1(2,0),AL2(0),AL4(NOP)
         BAL   R14,INSTR
         DC    AL2(55,X'180'),AL1(HIO,0),AL2(0)
         BAL   R14,INSTR
         DC    AL2(56,X'180'),AL1(TIO,1),AL2(CEDE)
         BAL   R14,SAME
         DC    AL2(57,4),AL4(CSW),AL4(AREWREAD)
         BAL   R14,INSTR
         DC    AL2(58,X'180'),AL1(TIO,0),AL2(0)
         BAL   R14,INSTR
         DC    AL2(59,X'100'),AL1(TCH,0),AL2(0)
         BAL   R14,PENDING
         DC    AL2(60)
*        the multiplexer channel while the printer prints
         BAL   R14,BEGIN
         DC    AL2(61,X'00E'),AL1(0,0),AL2(0),AL4(PRINT)
         BAL   R14,STARTIO          another device is not kept out
         DC    AL2(64,X'180'),AL1(1,0),AL2(CEDE),AL4(NOP)
         BAL   R14,TAKE
         DC    AL2(65,X'00E'),AL4(PRINT+8),AL2(CE,0)
         BAL   R14,INSTR            busy until device end
         DC    AL2(66,X'00E'),AL1(TIO,1),AL2(BUSY)
         BAL   R14,TAKE
         DC    AL2(67,X'00E'),AL4(0),AL2(DE,0)
         BAL   R14,INSTR
         DC    AL2(68,X'00E'),AL1(TIO,0),AL2(0)
*        PCI that waits for the end
         BAL   R14,BEGIN
         DC    AL2(70,X'180'),AL1(0,0),AL2(0),AL4(PCIREAD)
PCIWAIT  TCH   X'100'
         BC    2,PCIWAIT
         L     R2,=F'2000'
         BCT   R2,*
         BAL   R14,TAKE
         DC    AL2(71,X'180'),AL4(PCIREAD+16),AL2(CEDE+PCI,0)
         BAL   R14,PENDING
         DC    AL2(72)
*        PCI that is taken while the chain goes on
         BAL   R14,BEGIN
         DC    AL2(73,X'180'),AL1(0,0),AL2(0),AL4(PCICHAIN)
         BAL   R14,TAKE
         DC    AL2(74,X'180'),AL4(STATUS),AL2(PCI,ANY)
         BAL   R14,TAKE
         DC    AL2(75,X'180'),AL4(PCICHAIN+32),AL2(CEDE,1)
*        TIC and data chaining
         BAL   R14,CLEAR
         BAL   R14,STARTIO
         DC    AL2(80,X'180'),AL1(0,1),AL2(0),AL4(SCATTER)
         DC    AL4(SCATTERE),AL2(CEDE,0)
         BAL   R14,SAME             first ten
         DC    AL2(81,10),AL4(INPUT),AL4(OUTPUT)
         BAL   R14,SAME             the next thirty were skipped
         DC    AL2(82,30),AL4(INPUT+10),AL4(ZEROS)
         BAL   R14,SAME             the last sixty
         DC    AL2(83,60),AL4(INPUT+100),AL4(OUTPUT+40)
*        a block shorter than its data chain
         BAL   R14,STARTIO
         DC    AL2(84,X'180'),AL1(0,1),AL2(0),AL4(LONGER)
         DC    AL4(LONGER+24),AL2(CEDE+IL,30)
*        SLI does not help a data chain that is not used up
         BAL   R14,STARTIO
         DC    AL2(85,X'180'),AL1(0,1),AL2(0),AL4(UNUSED)
         DC    AL4(UNUSED+24),AL2(CEDE+IL,100)
*        incorrect length stops a chain of commands
         BAL   R14,STARTIO
         DC    AL2(86,X'180'),AL1(0,1),AL2(0),AL4(BROKEN)
         DC    AL4(BROKEN+16),AL2(CEDE+IL,0)
*        protection: storage with key 1, channel programs with 2
         LA    R2,KEYED
         LA    R3,X'10'
         SSK   R3,R2
         BAL   R14,STARTIO          writing is not reading
         DC    AL2(90,X'180'),AL1(0,1),AL2(0),AL4(REWIND1)
         DC    AL4(REWIND1+16),AL2(CEDE,1)
         BAL   R14,STARTIO
         DC    AL2(91,X'180'),AL1(0,1),AL2(0),AL1(X'20'),AL3(WRKEYED)
         DC    X'20',AL3(WRKEYED+8),AL2(CEDE,0)
         BAL   R14,STARTIO
         DC    AL2(92,X'180'),AL1(0,1),AL2(0),AL4(REWIND1)
         DC    AL4(REWIND1+16),AL2(CEDE,1)
         BAL   R14,STARTIO          its own key
         DC    AL2(93,X'180'),AL1(0,1),AL2(0),AL1(X'10'),AL3(RDKEYED)
         DC    X'10',AL3(RDKEYED+8),AL2(CEDE,0)
         BAL   R14,STARTIO          another key
         DC    AL2(94,X'180'),AL1(0,1),AL2(0),AL4(REWIND1)
         DC    AL4(REWIND1+16),AL2(CEDE,1)
         MVC   KEYED(10),ZEROS
         BAL   R14,BEGIN
         DC    AL2(95,X'180'),AL1(0,0),AL2(0),AL1(X'20'),AL3(RDKEYED)
KEYWAIT  TIO   X'180'
         BC    2,KEYWAIT
         TM    CSW+5,X'10'          protection check
         BO    KEYED1
         BAL   R14,FAULT
         DC    AL2(96)
KEYED1   BAL   R14,SAME             nothing was stored
         DC    AL2(97,10),AL4(KEYED),AL4(ZEROS)
         CLI   CSW,X'20'            the key in the CSW
         BE    KEYED2
         BAL   R14,FAULT
         DC    AL2(98)
KEYED2   LA    R2,KEYED
         SR    R3,R3
         SSK   R3,R2
*        HALT I/O
         BAL   R14,BEGIN
         DC    AL2(100,X'180'),AL1(0,0),AL2(0),AL4(READLOOP)
         L     R2,=F'500'
         BCT   R2,*
         BAL   R14,INSTR            a burst operation is ended
         DC    AL2(101,X'180'),AL1(HIO,2),AL2(0)
HALTWAIT TIO   X'180'
         BC    2,HALTWAIT
         BC    4,HALTED             something was pending
         BAL   R14,FAULT
         DC    AL2(102)
HALTED   L     R2,=F'60000'
         BCT   R2,*
         TIO   X'180'               device end, perhaps
         BAL   R14,INSTR
         DC    AL2(103,X'180'),AL1(TIO,0),AL2(0)
         B     DONE
*
CLEAR    XC    INPUT(200),INPUT
         BR    R14
NOP      CCW   X'03',0,X'20',1
NOPNOP   CCW   X'03',0,X'60',1
         CCW   X'03',0,X'20',1
TICNOP   CCW   X'08',NOP,0,1
CMD00    CCW   X'00',INPUT,X'20',1
CMDF0    CCW   X'F0',INPUT,X'20',1
COUNT0   CCW   X'02',INPUT,X'20',0
BIT39    DC    X'03',AL3(INPUT),X'2100',H'1'
BIT38    DC    X'03',AL3(INPUT),X'2200',H'1'
TICTIC   CCW   X'03',0,X'60',1
         CCW   X'08',TIC2,0,1
TIC2     CCW   X'08',NOP,0,1
TICODD   CCW   X'03',0,X'60',1
         CCW   X'08',NOP+4,0,1
CHAIN0   CCW   X'03',0,X'60',1
         CCW   X'03',0,X'20',0
CHAIN00  CCW   X'03',0,X'60',1
         CCW   X'00',0,X'20',1
WRITES   CCW   X'01',OUTPUT,X'40',100
         CCW   X'01',OUTPUT,X'40',100
         CCW   X'01',OUTPUT,0,100
REWREAD  CCW   X'07',0,X'60',1
         CCW   X'02',INPUT,0,100
AREWREAD DC    A(REWREAD+16)
PRINT    CCW   X'09',OUTPUT,X'20',100
PCIREAD  CCW   X'02',INPUT,X'48',100
         CCW   X'27',0,X'20',1
         ORG   PCIREAD+8
         CCW   X'02',INPUT,0,100
PCICHAIN CCW   X'07',0,X'60',1
         CCW   X'02',INPUT,X'48',100
         CCW   X'07',0,X'60',1
         CCW   X'03',0,X'20',1
SCATTER  CCW   X'07',0,X'60',1
         CCW   X'02',INPUT,X'80',10
         CCW   X'08',SCATTER2,0,0
SCATTER2 CCW   0,INPUT+10,X'90',30
         CCW   0,INPUT+100,0,60
SCATTERE EQU   *
LONGER   CCW   X'02',INPUT,X'80',70
         CCW   0,INPUT+70,X'80',20
         CCW   0,INPUT+90,0,40
UNUSED   CCW   X'27',0,X'60',1
         CCW   X'02',INPUT,X'A0',100
         CCW   0,INPUT,0,100
BROKEN   CCW   X'27',0,X'60',1
         CCW   X'02',INPUT,X'40',50
         CCW   X'03',0,X'20',1
REWIND1  CCW   X'07',0,X'60',1
         CCW   X'03',0,X'20',1
WRKEYED  CCW   X'01',KEYED,0,10
RDKEYED  CCW   X'02',KEYED,0,10
READLOOP CCW   X'07',0,X'60',1
         CCW   X'02',INPUT,X'60',1
         CCW   X'08',READLOOP,0,1
         LTORG
ZEROS    DC    XL60'00'
OUTPUT   DC    C'THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 012345'
         DC    C'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEFGHIJKLMN'
INPUT    DC    XL200'00'
         ORG   MONITOR+X'2000'
KEYED    DC    CL10'0123456789'
         END   MONITOR
