***********************************************************************
*  BUSY: keeps all its devices busy at the same time.
*
*  Each device has a list of channel programs, and gets the next one as
*  soon as it has ended the one before, whatever the others do.  They
*  show what channels can do: command and data chaining, transfer in
*  channel, lengths that do not fit, skipping, indirect addresses, data
*  across pages, a program-controlled interruption, unit exception, and
*  unit check with sense; on a disk, the status modifier of a search.
*  For each program it is known beforehand which channel-status word it
*  ends with; and for each area, what it then holds.
*
*            009  console            00D  card punch
*            00C  card reader        00E  printer
*            181  tape, may be written       191  disk 3330, likewise
*
*  The reader is the one that the program was loaded from: its cards
*  stand behind the deck.  A device that is not there is left out, and
*  so is one that is not ready, or has a tape that is protected.
*
*  It ends in a disabled wait whose address tells why:
*            00C0DE      all is as it should be
*            00BA0n      n devices did something else
*            00DEA0      program interruption
*            00DEC0      the console cannot be used
***********************************************************************
R0       EQU   0
R1       EQU   1
R2       EQU   2
R3       EQU   3
R4       EQU   4
R5       EQU   5
R6       EQU   6
R7       EQU   7
R8       EQU   8
R9       EQU   9
R10      EQU   10                   the device in hand
R12      EQU   12                   base registers
R13      EQU   13
R14      EQU   14                   return addresses
R15      EQU   15
*
CD       EQU   X'80'                CCW flags: chain data
CC       EQU   X'40'                chain command
SLI      EQU   X'20'                any length will do
SKIP     EQU   X'10'                do not store
PCI      EQU   X'08'                interrupt when you come here
IDA      EQU   X'04'                the address is that of a list
TIC      EQU   X'08'                command: go on there
BUSYBIT  EQU   X'10'                unit status
CHANEND  EQU   X'08'
DEVEND   EQU   X'04'
CHECK    EQU   X'02'
EXCEPTN  EQU   X'01'
OK       EQU   X'0C'                channel end, device end
LENGTH   EQU   X'40'                channel status: incorrect length
NOTSAID  EQU   X'FFFF'              any residual count
*
ABSENT   EQU   0                    state of a device: not there
START    EQU   1                    has something to start
RUNNING  EQU   2
ENDED    EQU   3                    there is a status to look at
DONE     EQU   4
WRONG    EQU   5
NOTREADY EQU   6
*
BUSY     START 0
         USING BUSY,0
         ORG   BUSY+X'38'
IOOPSW   DS    D
CSW      DS    D
CAW      DS    F
         ORG   BUSY+X'68'
PGMNPSW  DS    2D
IONPSW   DS    D
*
         ORG   BUSY+X'200'
BEGIN    MVC   PGMNPSW,PGMWAIT
         MVC   IONPSW,IODOOR
         LM    R12,R13,BASES
         USING PROGRAM,R12,R13
         B     PROGRAM
***********************************************************************
*  Input/output interruption: note the status with the device that it
*  is for, and end the wait.
*
IOINT    STM   R0,R15,SAVEGRS
         LA    R10,DEVICES
         USING DEVICE,R10
         LA    R1,DEVCOUNT
IOWHOSE  CLC   DEVADDR,IOOPSW+2
         BE    IOMINE
         LA    R10,DEVSIZE(,R10)
         BCT   R1,IOWHOSE
         B     IOBACK               nobody's
IOMINE   CLI   DEVSTATE,RUNNING
         BNE   IOBACK
         TM    DEVCSW+4,CHANEND     with channel end the address and
         BO    IOMORE               the residual count are right, not
         MVC   DEVCSW(4),CSW        with what comes after it
         MVC   DEVCSW+6(2),CSW+6
IOMORE   OC    DEVCSW+4(2),CSW+4
         TM    DEVCSW+4,DEVEND+CHECK
         BNZ   IOENDED
         TM    DEVCSW+5,X'3F'       the channel's own checks
         BZ    IOBACK
IOENDED  MVI   DEVSTATE,ENDED
IOBACK   LM    R0,R15,SAVEGRS
         NI    IOOPSW+1,X'FF'-X'02' no longer waiting
         MVI   IOOPSW,0             nor enabled
         LPSW  IOOPSW
*
SAVEGRS  DS    16F
         DS    0D
PGMWAIT  DC    X'00020000',X'0000DEA0'
IODOOR   DC    X'00040000',A(IOINT) disabled
IOWAIT   DC    X'FE060000',A(AGAIN) wait, enabled for I/O
SAYSLEEP DC    X'FE060000',A(SAYWOKEN)
GOODWAIT DC    X'00020000',X'0000C0DE'
BADWAIT  DC    X'00020000',X'0000BA00'
NOSAY    DC    X'00020000',X'0000DEC0'
BASES    DC    A(PROGRAM,PROGRAM+4096)
OLDMASK  DS    X
***********************************************************************
*  The program: what is not there?
*
         ORG   BUSY+X'1000'
PROGRAM  LA    R1,HELLO
         LA    R0,L'HELLO
         BAL   R14,SAY
         L     R2,=A(BLOCK2)       the long block for the tape
         LA    R3,3000
FILL     STC   R3,0(,R2)
         LA    R2,1(,R2)
         BCT   R3,FILL
         LA    R10,DEVICES
         LA    R9,DEVCOUNT
FINDOUT  LH    R2,DEVADDR
         TIO   0(R2)
         BC    1,FOUNDOUT           CC 3: not there
         MVI   DEVSTATE,START
FOUNDOUT LA    R10,DEVSIZE(,R10)
         BCT   R9,FINDOUT
*
*        Go round: start what is to be started, look at what has ended,
*        until all are done.  Wait when nothing else can be done.
*
AGAIN    LA    R10,DEVICES
         LA    R9,DEVCOUNT
         SR    R7,R7                number of devices that run
         SR    R8,R8                number that are not as far yet
ROUND    CLI   DEVSTATE,ENDED
         BNE   NOTENDED
         BAL   R14,LOOKAT
NOTENDED CLI   DEVSTATE,START
         BNE   NOSTART
         BAL   R14,STARTIT
NOSTART  CLI   DEVSTATE,RUNNING
         BNE   NOTRUN
         LA    R7,1(,R7)
NOTRUN   CLI   DEVSTATE,START
         BE    NOTYET
         CLI   DEVSTATE,ENDED
         BNE   NEXTDEV
NOTYET   LA    R8,1(,R8)
NEXTDEV  LA    R10,DEVSIZE(,R10)
         BCT   R9,ROUND
         LTR   R8,R8
         BZ    PERHAPS
         STOSM OLDMASK,X'FE'        what is in its way may go now
         STNSM OLDMASK,X'00'
         B     AGAIN
PERHAPS  LTR   R7,R7
         BZ    SUMMARY
         LPSW  IOWAIT
***********************************************************************
*  Start the device's next channel program, if it has one.
*
STARTIT  L     R5,DEVSTEP
         USING STEP,R5
         L     R3,STEPCCW
         LTR   R3,R3
         BNZ   STARTSIO
         MVI   DEVSTATE,DONE
         BR    R14
STARTSIO XC    DEVCSW,DEVCSW
         MVI   DEVFIRST,0
         ST    R3,CAW
         LH    R2,DEVADDR
         SIO   0(R2)
         BC    8,STARTED
         BC    2,STARTNOT           the channel is busy
         BC    1,BROKEN
         TM    CSW+4,BUSYBIT
         BOR   R14                  has still to tell of the last one
         MVI   DEVFIRST,1           the CSW has but the status
         OC    DEVCSW+4(2),CSW+4
         TM    DEVCSW+4,DEVEND+CHECK+EXCEPTN
         BZ    STARTED
         MVI   DEVSTATE,ENDED
         BR    R14
STARTED  MVI   DEVSTATE,RUNNING
STARTNOT BR    R14
***********************************************************************
*  Look at the status of a program that has ended.  What else a unit
*  check or a unit exception comes with, differs from device to device.
*
LOOKAT   L     R5,DEVSTEP
         NI    DEVCSW+4,X'0F'
         TM    STEPUNIT,CHECK+EXCEPTN
         BZ    LOOKSTAT
         NI    DEVCSW+4,CHECK+EXCEPTN
LOOKSTAT CLC   DEVCSW+4(1),STEPUNIT
         BNE   LOOKBAD
         TM    STEPUNIT,CHECK+EXCEPTN
         BNZ   LOOKADDR
         CLC   DEVCSW+5(1),STEPCHAN
         BNE   BROKEN
LOOKADDR CLI   DEVFIRST,1
         BE    LOOKGOOD
         CLC   STEPLAST,=F'0'
         BE    LOOKCNT
         CLC   DEVCSW+1(3),STEPLAST+1
         BNE   BROKEN
LOOKCNT  CLC   STEPLEFT,=AL2(NOTSAID)
         BE    LOOKGOOD
         CLC   DEVCSW+6(2),STEPLEFT
         BNE   BROKEN
LOOKGOOD LA    R5,STEPSIZE(,R5)
         ST    R5,DEVSTEP
         LH    R2,DEVRAN
         LA    R2,1(,R2)
         STH   R2,DEVRAN
         MVI   DEVSTATE,START
         BR    R14
LOOKBAD  TM    DEVCSW+4,CHECK
         BZ    BROKEN
         CLC   DEVRAN,=H'0'
         BNE   BROKEN
         MVI   DEVSTATE,NOTREADY    unit check at its first program
         BR    R14
BROKEN   MVI   DEVSTATE,WRONG
         BR    R14
         DROP  R5
***********************************************************************
*  All have ended: a line for each device, with the sum of the bytes
*  that are in storage as they should be.
*
SUMMARY  LA    R10,DEVICES
         LA    R9,DEVCOUNT
         SR    R8,R8                devices with mistakes
SUMDEV   MVC   LINE,DEVNAME
         CLI   DEVSTATE,ABSENT
         BNE   SUMTHERE
         MVC   LINETEXT(LNOTHERE),NOTHERE
         LA    R0,L'LINE+LNOTHERE
         B     SUMSAY
SUMTHERE CLI   DEVSTATE,NOTREADY
         BNE   SUMREADY
         MVC   LINETEXT(LUNREADY),UNREADY
         LA    R0,L'LINE+LUNREADY
         B     SUMSAY
SUMREADY LH    R2,DEVRAN
         CVD   R2,WORK
         CLI   DEVSTATE,DONE
         BE    SUMDONE
         LA    R8,1(,R8)
         MVC   LINETEXT(LBROKEN),BROKENIN
         ED    LINETEXT+BROKENN-BROKENIN(4),WORK+6
         UNPK  WORD1(9),DEVCSW(5)
         UNPK  WORD2(9),DEVCSW+4(5)
         TR    WORD1(8),DIGITS-X'F0'
         TR    WORD2(8),DIGITS-X'F0'
         MVC   LINETEXT+BROKENC-BROKENIN(8),WORD1
         MVC   LINETEXT+BROKENC-BROKENIN+9(8),WORD2
         LA    R0,L'LINE+LBROKEN
         B     SUMSAY
SUMDONE  L     R2,DEVDATA
         SR    R5,R5                the sum
SUMAREA  LM    R3,R4,0(R2)          what is there; what should be
         LH    R6,8(,R2)            length
         LTR   R6,R6
         BZ    SUMGOOD
SUMBYTE  CLC   0(1,R3),0(R4)
         BNE   SUMDIFF
         SR    R7,R7
         IC    R7,0(,R3)
         AR    R5,R7
         LA    R3,1(,R3)
         LA    R4,1(,R4)
         BCT   R6,SUMBYTE
         LA    R2,12(,R2)
         B     SUMAREA
SUMDIFF  LA    R8,1(,R8)
         MVC   LINETEXT(LDATABAD),DATABAD
         LA    R0,L'LINE+LDATABAD
         B     SUMSAY
SUMGOOD  ST    R5,SUM
         UNPK  WORD1(9),SUM(5)
         TR    WORD1(8),DIGITS-X'F0'
         MVC   LINETEXT(LGOOD),GOOD
         ED    LINETEXT(4),WORK+6
         MVC   LINETEXT+GOODSUM-GOOD(6),WORD1+2
         LA    R0,L'LINE+LGOOD
SUMSAY   LA    R1,LINE
         BAL   R14,SAY
         LA    R10,DEVSIZE(,R10)
         BCT   R9,SUMDEV
         LTR   R8,R8
         BZ    ALLGOOD
         STC   R8,BADWAIT+7
         LPSW  BADWAIT
ALLGOOD  LPSW  GOODWAIT
*
*        Write R0 characters from R1 on the console, and wait
*
SAY      ST    R1,SAYCCW
         MVI   SAYCCW,X'09'
         STH   R0,SAYCCW+6
         MVC   CAW,=A(SAYCCW)
SAYSIO   SIO   X'009'
         BC    8,SAYWAIT
         BC    2,SAYSIO
         BC    1,SAYNOT
         TM    CSW+4,BUSYBIT
         BO    SAYSIO
SAYNOT   LPSW  NOSAY
SAYWAIT  LPSW  SAYSLEEP             until something has ended
SAYWOKEN TIO   X'009'
         BC    7,SAYWAIT            it was something else
         BR    R14
*
SAYCCW   CCW   X'09',0,SLI,0
WORK     DS    D
SUM      DS    F,X
WORD1    DS    CL9
WORD2    DS    CL9
LINE     DS    CL12
LINETEXT DS    CL80
DIGITS   DC    C'0123456789ABCDEF'
HELLO    DC    C'BUSY: ALL DEVICES AT ONCE'
NOTHERE  DC    C' NOT THERE'
LNOTHERE EQU   *-NOTHERE
UNREADY  DC    C' NOT READY'
LUNREADY EQU   *-UNREADY
BROKENIN DC    C' NOT AS IT SHOULD BE AFTER'
BROKENN  DC    X'40202120'
         DC    C' PROGRAMS, CSW '
BROKENC  DC    C'XXXXXXXX XXXXXXXX'
LBROKEN  EQU   *-BROKENIN
DATABAD  DC    C' THE DATA ARE NOT WHAT THEY SHOULD BE'
LDATABAD EQU   *-DATABAD
GOOD     DC    X'40202120'
         DC    C' CHANNEL PROGRAMS, SUM OF THE DATA '
GOODSUM  DC    C'XXXXXX'
LGOOD    EQU   *-GOOD
         LTORG
***********************************************************************
*  The devices.  State; address; name; programs; data.
*
         DS    0F
DEVICES  DC    AL1(ABSENT,0),X'0009',CL12'CONSOLE 009:',A(CONSTEPS)
         DC    A(CONDATA),2F'0',H'0,0'
DEV2     DC    AL1(ABSENT,0),X'000C',CL12'READER  00C:',A(RDRSTEPS)
         DC    A(RDRDATA),2F'0',H'0,0'
         DC    AL1(ABSENT,0),X'000D',CL12'PUNCH   00D:',A(PUNSTEPS)
         DC    A(PUNDATA),2F'0',H'0,0'
         DC    AL1(ABSENT,0),X'000E',CL12'PRINTER 00E:',A(PRTSTEPS)
         DC    A(PRTDATA),2F'0',H'0,0'
         DC    AL1(ABSENT,0),X'0181',CL12'TAPE    181:',A(TAPSTEPS)
         DC    A(TAPDATA),2F'0',H'0,0'
         DC    AL1(ABSENT,0),X'0191',CL12'DISK    191:',A(DSKSTEPS)
         DC    A(DSKDATA),2F'0',H'0,0'
DEVSIZE  EQU   DEV2-DEVICES
DEVCOUNT EQU   6
*
DEVICE   DSECT
DEVSTATE DS    X
DEVFIRST DS    X                    1: it ended when it was started
DEVADDR  DS    XL2
DEVNAME  DS    CL12
DEVSTEP  DS    A                    the program that is next, or runs
DEVDATA  DS    A
DEVCSW   DS    XL8
DEVRAN   DS    H                    programs that ended as they should
         DS    H
*
*        What a program is to end with; 0 as address of a program is
*        the end of a list.  With unit check or exception, the status
*        of the channel is not looked at.
*
STEP     DSECT
STEPCCW  DS    A                    its first CCW
STEPLAST DS    A                    behind its last CCW; 0: anywhere
STEPUNIT DS    X                    unit status
STEPCHAN DS    X                    channel status
STEPLEFT DS    XL2                  residual count
STEPSIZE EQU   *-STEP
BUSY     CSECT
***********************************************************************
*  Console: lines in one piece and in two
*
CONSTEPS DC    A(CON1,CON1END),AL1(OK,0),H'0',F'0'
CON1     CCW   X'09',CONLINE1,CC+SLI,L'CONLINE1
         CCW   X'09',CONLINE2,CD,12
         CCW   0,CONLINE2+12,CC+SLI,L'CONLINE2-12
         CCW   TIC,CON1B,0,1
CON1B    CCW   X'03',0,CC+SLI,1
         CCW   X'09',CONLIST,IDA+SLI,L'CONLINE3
CON1END  EQU   *
CONLIST  DC    A(CONLINE3)
CONDATA  DC    3F'0'
CONLINE1 DC    C'A LINE THAT IS IN ONE PIECE'
CONLINE2 DC    C'A LINE THAT IS IN TWO PIECES'
CONLINE3 DC    C'A LINE THAT IS IN A LIST'
***********************************************************************
*  Reader: six cards behind the deck
*
         DS    0F
RDRSTEPS DC    A(RDR1,RDR1END),AL1(OK,0),H'0'
         DC    A(RDR2,RDR2+8),AL1(OK,LENGTH),H'0'
         DC    A(RDR3,RDR3+8),AL1(OK,LENGTH),H'20'
         DC    A(RDR4,RDR4+16),AL1(EXCEPTN,0),AL2(NOTSAID)
         DC    F'0'
RDR1     CCW   X'02',CARD1,CD,10    columns 1-10 and 71-80
         CCW   0,0,CD+SKIP,60
         CCW   0,CARD1+10,CC,10
         CCW   X'02',CARD2,CC+SLI,40   half a card
         CCW   TIC,RDR1B,0,1
RDR1B    CCW   X'02',CARDLIST,IDA,80
RDR1END  EQU   *
RDR2     CCW   X'02',CARD4,CC,60    more than is wanted: the chain
         CCW   X'02',CARD5,0,80     ends here
RDR3     CCW   X'02',CARD5,0,100    less than is wanted
RDR4     CCW   X'02',0,CC+SKIP,80
         CCW   X'02',CARD4,SLI,80   there is no card left
CARDLIST DC    A(CARD3,CARD3+40)    a list goes on at a 2K boundary
RDRDATA  DC    A(CARD1,ONE),H'10,0',A(CARD1+10,ONE+70),H'10,0'
         DC    A(CARD2,TWO),H'40,0',A(CARD3,THREE),H'80,0'
         DC    A(CARD4,FOUR),H'60,0',A(CARD5,FIVE),H'80,0',3F'0'
ONE      DC    CL70'CARD 1 IS READ IN THREE PIECES',CL10'BUSY     1'
TWO      DC    CL80'CARD 2 IS READ BUT BY HALF'
THREE    DC    CL80'CARD 3 GOES ACROSS THE END OF A PAGE'
FOUR     DC    CL80'CARD 4 IS LONGER THAN WHAT IS ASKED FOR'
FIVE     DC    CL80'CARD 5 IS SHORTER THAN WHAT IS ASKED FOR'
***********************************************************************
*  Punch: four cards, and a command that it does not have
*
         DS    0F
PUNSTEPS DC    A(PUN1,PUN1END),AL1(OK,0),H'0'
         DC    A(PUN2,PUN2+16),AL1(CHECK,0),AL2(NOTSAID)
         DC    A(PUN3,PUN3+8),AL1(OK,0),AL2(NOTSAID)
         DC    F'0'
PUN1     CCW   X'01',FIVE,CC,80
         CCW   X'01',TWO,CD,26
         CCW   0,THREE+26,CC,54
         CCW   TIC,PUN1B,0,1
PUN1B    CCW   X'01',ACROSS-50,CC,80   across the end of a page
         CCW   X'01',PUNLIST,IDA,80
PUN1END  EQU   *
PUN2     CCW   X'03',0,CC+SLI,1
         CCW   X'0C',PUNSENSE,SLI,1
PUN3     CCW   X'04',PUNSENSE,SLI,1
PUNLIST  DC    A(ACROSS-50,ACROSS)
         DS    0F
PUNDATA  DC    A(PUNSENSE,REJECT),H'1,0',3F'0'
REJECT   DC    X'80'                sense: command reject
PUNSENSE DS    X
***********************************************************************
*  Printer: a page, and a command that it does not have
*
         DS    0F
PRTSTEPS DC    A(PRT1,PRT1END),AL1(OK,0),H'0'
         DC    A(PRT2,PRT2+16),AL1(CHECK,0),AL2(NOTSAID)
         DC    A(PRT3,PRT3+8),AL1(OK,0),AL2(NOTSAID)
         DC    F'0'
PRT1     CCW   X'8B',0,CC+SLI,1     skip to channel 1
         CCW   X'09',PRTLINE1,CC+SLI,L'PRTLINE1
         CCW   X'11',PRTLINE2,CD,12
         CCW   0,PRTLINE2+12,CC+SLI,L'PRTLINE2-12
         CCW   TIC,PRT1B,0,1
PRT1C    CCW   X'09',ACROSS-50,CC+SLI,80
         CCW   X'03',0,CC+SLI,1
         CCW   X'09',PRTLIST,IDA+SLI,80
PRT1END  EQU   *
PRT1B    CCW   X'01',PRTLINE3,CC+SLI,L'PRTLINE3   no space
         CCW   X'13',0,CC+SLI,1     two lines further
         CCW   TIC,PRT1C,0,1        back
PRT2     CCW   X'03',0,CC+SLI,1
         CCW   X'0C',PRTSENSE,SLI,1
PRT3     CCW   X'04',PRTSENSE,SLI,1
PRTLIST  DC    A(ACROSS-50,ACROSS)
PRTDATA  DC    A(PRTSENSE,REJECT),H'1,0',3F'0'
PRTSENSE DS    X
PRTLINE1 DC    C'A LINE THAT IS IN ONE PIECE'
PRTLINE2 DC    C'A LINE THAT IS IN TWO PIECES'
PRTLINE3 DC    C'A LINE AND THEN A SPACE'
***********************************************************************
*  Tape: two blocks and two tape marks; read forward and backward; at
*  its beginning it cannot go back
*
         DS    0F
TAPSTEPS DC    A(TAP1,TAP1END),AL1(OK,X'80'),AL2(NOTSAID)
         DC    A(TAP2,TAP2END),AL1(EXCEPTN,0),AL2(NOTSAID)
         DC    A(TAP3,TAP3+16),AL1(OK,0),H'0'
         DC    A(TAP4,TAP4+16),AL1(OK,LENGTH),H'0'
         DC    A(TAP5,TAP5+16),AL1(OK,LENGTH),H'95'
         DC    A(TAP6,TAP6+16),AL1(CHECK,0),AL2(NOTSAID)
         DC    A(TAP7,TAP7+8),AL1(OK,0),AL2(NOTSAID)
         DC    F'0'
TAP1     CCW   X'07',0,CC+SLI,1     rewind
         CCW   X'01',TWO,CD+PCI,80  write; with an interruption that
         CCW   0,THREE,CC,25        says that it has come so far
         CCW   X'01',OUTLIST,CC+IDA,3000
         CCW   X'1F',0,CC+SLI,1     tape mark
         CCW   X'1F',0,SLI,1
TAP1END  EQU   *
TAP2     CCW   X'07',0,CC+SLI,1
         CCW   X'02',0,CD+SKIP,50
         CCW   0,IN1,CC,55
         CCW   TIC,TAP2B,0,1
TAP2B    CCW   X'02',INLIST,CC+IDA,3000
         CCW   X'02',IN1,CC+SLI,105 a tape mark: the chain ends
TAP2END  EQU   *
         CCW   X'07',0,SLI,1
TAP3     CCW   X'2F',0,CC+SLI,1     back to before the tape mark
         CCW   X'0C',IN3+2999,0,3000   read backward
TAP4     CCW   X'27',0,CC+SLI,1     back over a block
         CCW   X'02',IN4,CC,50      more than is wanted
         CCW   X'07',0,SLI,1
TAP5     CCW   X'27',0,CC+SLI,1
         CCW   X'02',IN5,0,200      less than is wanted
TAP6     CCW   X'07',0,CC+SLI,1
         CCW   X'27',0,SLI,1
TAP7     CCW   X'04',TAPSENSE,SLI,2
OUTLIST  DC    A(BLOCK2,BLOCK2+256,BLOCK2+2304)
INLIST   DC    A(IN2,IN2+512,IN2+2560)
TAPDATA  DC    A(IN1,TWO+50),H'30,0',A(IN1+30,THREE),H'25,0'
         DC    A(IN2,BLOCK2),H'3000,0',A(IN3,BLOCK2),H'3000,0'
         DC    A(IN4,TWO),H'50,0',A(IN5,TWO),H'80,0'
         DC    A(IN5+80,THREE),H'25,0',3F'0'
TAPSENSE DS    XL2
***********************************************************************
*  Disk: cylinder 1, track 0.  SEARCH ID with the record that passes
*  ends with status modifier when it is the one: then a CCW is skipped,
*  which is a TIC back to the search.
*
         DS    0F
DSKSTEPS DC    A(DSK1,DSK1END),AL1(OK,0),H'0'
         DC    A(DSK2,DSK2END),AL1(OK,0),H'0'
         DC    A(DSK3,DSK3+16),AL1(CHECK,0),AL2(NOTSAID)
         DC    A(DSK4,DSK4+8),AL1(OK,0),AL2(NOTSAID)
         DC    F'0'
DSK1     CCW   X'07',SEEKARG,CC,6   seek
         CCW   X'1F',FILEMASK,CC,1  all may be written
DSK1A    CCW   X'31',RECORD0,CC,5   search
         CCW   TIC,DSK1A,0,1
         CCW   X'1D',COUNT1,CD,8    write count and data
         CCW   0,TWO,CC,80
         CCW   X'1D',COUNT2,CD,8
         CCW   0,ACROSS-50,0,80
DSK1END  EQU   *
DSK2     CCW   X'07',SEEKARG,CC,6
DSK2A    CCW   X'31',COUNT2,CC,5
         CCW   TIC,DSK2A,0,1
         CCW   X'06',DATA2,CC,80    read data
DSK2B    CCW   X'31',COUNT1,CC,5
         CCW   TIC,DSK2B,0,1
         CCW   X'06',DATA1,CC+SLI,30
         CCW   X'1E',DATA2+80,0,88  read count and data of the next
DSK2END  EQU   *
DSK3     CCW   X'07',SEEKARG,CC,6
DSK3A    CCW   X'31',RECORD9,CC,5   it is not there
         CCW   TIC,DSK3A,0,1
         CCW   X'06',DATA1,0,80
DSK4     CCW   X'04',DSKSENSE,SLI,2
SEEKARG  DC    X'000000010000'      0, cylinder, head
FILEMASK DC    X'C0'
RECORD0  DC    X'0001000000'        cylinder, head, record
COUNT1   DC    X'0001000001000050'  and length of key and data
COUNT2   DC    X'0001000002000050'
RECORD9  DC    X'0001000009'
         DS    0F
DSKDATA  DC    A(DATA1,TWO),H'30,0',A(DATA2,ACROSS-50),H'80,0'
         DC    A(DATA2+80,COUNT2),H'8,0'
         DC    A(DATA2+88,ACROSS-50),H'80,0'
         DC    A(DSKSENSE+1,NORECORD),H'1,0',3F'0'
NORECORD DC    X'08'                sense, second byte: no record found
DSKSENSE DS    XL2
DATA1    DS    CL80
DATA2    DS    CL168
CARD1    DS    CL20
CARD2    DS    CL80
CARD4    DS    CL80
CARD5    DS    CL100
IN1      DS    CL105
IN4      DS    CL50
IN5      DS    CL200
***********************************************************************
*  What goes across the end of a page
*
         ORG   BUSY+X'3000'-50
         DC    C'FIFTY BYTES OF THIS ARE IN A PAGE, AND THE REST IN'
         DC    CL30' THE NEXT: THIRTY'
ACROSS   EQU   BUSY+X'3000'
         ORG   BUSY+X'3800'-40
CARD3    DS    CL80
         ORG   BUSY+X'4000'-256
BLOCK2   DS    CL256,CL2744
         ORG   BUSY+X'5000'-512
IN2      DS    CL256,CL2744
         ORG   BUSY+X'6000'-100
IN3      DS    CL256,CL2744
         END   BEGIN
