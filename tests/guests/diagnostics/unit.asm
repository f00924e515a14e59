***********************************************************************
*  UNIT: unit record devices as the 2821 has them: the reader of a
*  2540 at 00C with three cards behind this deck, ONE, TWO and THREE;
*  its punch at 00D, a 1403 at 00E with the standard carriage tape.
***********************************************************************
*        the reader: channel end, then device end
         BAL   R14,STARTIO          the last card of the deck was fed
         DC    AL2(1,X'00C'),AL1(0,2),AL2(0),AL4(READ)
         DC    AL4(READ+8),AL2(CE,0),AL4(0),AL2(DE,0)
         BAL   R14,SAME
         DC    AL2(2,5),AL4(INPUT),AL4(CARD1)
         BAL   R14,STARTIO          read only: nothing moves
         DC    AL2(3,X'00C'),AL1(0,1),AL2(0),AL4(READONLY)
         DC    AL4(READONLY+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(4,5),AL4(INPUT),AL4(CARD2)
         BAL   R14,STARTIO          feed: channel end at once
         DC    AL2(5,X'00C'),AL1(1,1),AL2(CE),AL4(FEED)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          feed without a read: rejected
         DC    AL2(6,X'00C'),AL1(1,0),AL2(UC),AL4(FEED)
         BAL   R14,STARTIO
         DC    AL2(7,X'00C'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(8,1),AL4(BYTE),AL4(X80)
         BAL   R14,STARTIO          10 of 80 columns
         DC    AL2(9,X'00C'),AL1(0,2),AL2(0),AL4(READ10)
         DC    AL4(READ10+8),AL2(CE+IL,0),AL4(0),AL2(DE,0)
         BAL   R14,SAME
         DC    AL2(10,5),AL4(INPUT),AL4(CARD3)
*        end of file, then not ready
         BAL   R14,BEGIN
         DC    AL2(11,X'00C'),AL1(1,0),AL2(UX),AL4(READ)
         BAL   R14,BEGIN
         DC    AL2(12,X'00C'),AL1(1,0),AL2(UC),AL4(READ)
         BAL   R14,BEGIN
         DC    AL2(13,X'00C'),AL1(0,0),AL2(0),AL4(SENSE)
         BAL   R14,TAKE
         DC    AL2(14,X'00C'),AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(15,1),AL4(BYTE),AL4(X40)
         BAL   R14,BEGIN            no-op is refused as well
         DC    AL2(16,X'00C'),AL1(1,0),AL2(UC),AL4(NOP)
*        the punch
         BAL   R14,STARTIO
         DC    AL2(20,X'00D'),AL1(0,2),AL2(0),AL4(PUNCH)
         DC    AL4(PUNCH+8),AL2(CE,0),AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          5 columns: the others are blank
         DC    AL2(21,X'00D'),AL1(0,2),AL2(0),AL4(PUNCH5)
         DC    AL4(PUNCH5+8),AL2(CE+IL,0),AL4(0),AL2(DE,0)
         BAL   R14,BEGIN            busy while a card moves
         DC    AL2(22,X'00D'),AL1(0,0),AL2(0),AL4(PUNCH)
         BAL   R14,TAKE
         DC    AL2(23,X'00D'),AL4(PUNCH+8),AL2(CE,0)
         BAL   R14,INSTR
         DC    AL2(24,X'00D'),AL1(TIO,1),AL2(BUSY)
         BAL   R14,BEGIN
         DC    AL2(25,X'00D'),AL1(1,0),AL2(BUSY),AL4(PUNCH)
         BAL   R14,TAKE
         DC    AL2(26,X'00D'),AL4(0),AL2(DE,0)
*        the printer
         BAL   R14,STARTIO          skip to channel 1
         DC    AL2(30,X'00E'),AL1(1,1),AL2(CE),AL4(SKIP1)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          write, space 1
         DC    AL2(31,X'00E'),AL1(0,2),AL2(0),AL4(PRINT)
         DC    AL4(PRINT+8),AL2(CE,0),AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          incorrect length of a short line
         DC    AL2(32,X'00E'),AL1(0,2),AL2(0),AL4(PRINT10)
         DC    AL4(PRINT10+8),AL2(CE+IL,0),AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          a chain: device end leads on
         DC    AL2(33,X'00E'),AL1(0,2),AL2(0),AL4(LINES)
         DC    AL4(LINES+24),AL2(CE,0),AL4(0),AL2(DE,0)
*        channel 12 is at line 61: the paper is at line 6 now
         LA    R6,54
TO60     BAL   R14,STARTIO
         DC    AL2(34,X'00E'),AL1(1,1),AL2(CE),AL4(SPACE)
         DC    AL4(0),AL2(DE,0)
         BCT   R6,TO60
         BAL   R14,STARTIO          line 61: unit exception
         DC    AL2(35,X'00E'),AL1(1,1),AL2(CE),AL4(SPACE)
         DC    AL4(0),AL2(DE+UX,0)
         BAL   R14,STARTIO
         DC    AL2(36,X'00E'),AL1(1,1),AL2(CE),AL4(SPACE)
         DC    AL4(0),AL2(DE,0)
         BAL   R14,STARTIO          line 63, channel 9: unit check
         DC    AL2(37,X'00E'),AL1(1,1),AL2(CE),AL4(SPACE)
         DC    AL4(0),AL2(DE+UC,0)
         BAL   R14,STARTIO
         DC    AL2(38,X'00E'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(39,1),AL4(BYTE),AL4(X01)
         BAL   R14,STARTIO          a read is no command of a printer
         DC    AL2(40,X'00E'),AL1(1,0),AL2(UC),AL4(WRONG)
         BAL   R14,STARTIO
         DC    AL2(41,X'00E'),AL1(0,1),AL2(0),AL4(SENSE)
         DC    AL4(SENSE+8),AL2(CEDE,0)
         BAL   R14,SAME
         DC    AL2(42,1),AL4(BYTE),AL4(X80)
         B     DONE
READ     CCW   X'02',INPUT,0,80
READ10   CCW   X'02',INPUT,0,10
READONLY CCW   X'C2',INPUT,0,80
FEED     CCW   X'23',0,X'20',1
NOP      CCW   X'03',0,X'20',1
SENSE    CCW   X'04',BYTE,0,1
WRONG    CCW   X'0E',INPUT,X'20',1
PUNCH    CCW   X'01',CARD,0,80
PUNCH5   CCW   X'41',CARD,0,5
SKIP1    CCW   X'8B',0,X'20',1
SPACE    CCW   X'0B',0,X'20',1
PRINT    CCW   X'09',LINE,0,132
PRINT10  CCW   X'09',LINE,0,10
LINES    CCW   X'09',LINE,X'60',20
         CCW   X'01',LINE,X'60',30
         CCW   X'11',LINE+20,X'20',30
CARD1    DC    CL5'ONE'
CARD2    DC    CL5'TWO'
CARD3    DC    CL5'THREE'
X80      DC    X'80'
X40      DC    X'40'
X01      DC    X'01'
BYTE     DC    X'00'
CARD     DC    CL80'A CARD THAT WAS PUNCHED'
LINE     DC    CL132'A LINE THAT WAS PRINTED'
INPUT    DC    XL80'00'
         END   MONITOR
