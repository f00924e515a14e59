***********************************************************************
*  LOADER: reads an object deck after IPL and starts the program on it.
*
*  Initial program loading reads 24 bytes of the first card to 0: the
*  IPL PSW and two CCWs, and goes on with these as channel program.
*  CCW1 brings the second card here; CCW2 transfers to the CCWs that
*  are on it, and they bring the rest of the loader.  Then the PSW at 0
*  becomes the current one.
*
*  The loader stays out of the way, in the last 1K of the first 64K.
*  A program may be anywhere below it, new PSWs and all.
*
*  Cards    ESD  names of sections                not needed here
*           TXT  columns 6-8 address, 11-12 length, 17-72 object code
*           END  columns 6-8 entry point          the program starts
*
*  It ends in a disabled wait whose address says what went wrong, R7
*  counting the cards of the deck:
*           00BAD0  this is not a card of an object deck
*           00BAD2  the reader has no card, or cannot read it
*           00BAD4  the program would overlay the loader
*           00BAD6  program interruption: storage ends too early
***********************************************************************
R2       EQU   2                    the reader's address
R3       EQU   3                    address in storage
R4       EQU   4                    length
R5       EQU   5                    end of the text
R7       EQU   7                    cards of the deck so far
R12      EQU   12                   base register
R14      EQU   14                   return address
IPLDEV   EQU   X'02'                IPL stores the device address
IOOPSW   EQU   X'38'                I/O old PSW
CSW      EQU   X'40'                channel-status word
CAW      EQU   X'48'                channel-address word
PGMNPSW  EQU   X'68'                program new PSW
IONPSW   EQU   X'78'                I/O new PSW
*
*        The first card
*
IPL      START 0
         DC    X'00000000',A(ENTRY)      IPL PSW: BC, disabled, key 0
         CCW   X'02',LOADER,X'60',80     CCW1: read the second card
         CCW   X'08',LOADER,0,1          CCW2: transfer to it
*
*        The second card and those behind it.  Flags X'60': chain to
*        the next CCW, and take a record of any length.
*
         ORG   IPL+X'FC00'
LOADER   CCW   X'02',LOADER+80,X'60',80
         CCW   X'02',LOADER+160,X'60',80
         CCW   X'02',LOADER+240,X'20',80 the last: no chaining
ENTRY    BALR  R12,0
         USING *,R12
         LH    R2,IPLDEV            read on where IPL came from
         STH   R2,READER
         SR    R7,R7
         MVC   PGMNPSW(8),PGMWAIT
NEXT     BAL   R14,READ
         CLI   CARD,X'02'           each card begins with X'02'
         BNE   BADCARD
         CLC   CARD+1(3),=C'TXT'
         BE    TEXT
         CLC   CARD+1(3),=C'END'
         BE    END
         CLC   CARD+1(3),=C'ESD'
         BE    NEXT
BADCARD  LPSW  CARDWAIT
*
TEXT     L     R3,CARD+4
         LA    R3,0(,R3)            three bytes are the address
         LH    R4,CARD+10
         LTR   R4,R4
         BNP   BADCARD
         CH    R4,=H'56'            columns 17-72
         BH    BADCARD
         LA    R5,0(R3,R4)
         C     R5,=A(LOADER)
         BH    OVERLAY
         BCTR  R4,0                 MVC wants the length less one
         EX    R4,MOVE
         B     NEXT
MOVE     MVC   0(0,R3),CARD+16
OVERLAY  LPSW  OVERWAIT
*
END      L     R3,CARD+4
         BR    R3                   the program's entry point
*
*        Read one card, waiting for the interruption at its end.  The
*        program's own I/O new PSW may be in place already: keep it.
*        The reader is busy at first: it moves the card that IPL read.
*
READ     LA    R7,1(,R7)
         MVC   KEPT,IONPSW
         MVC   IONPSW(8),DONE
         MVC   CAW(4),=A(READCARD)
AGAIN    SIO   0(R2)
         BZ    WAIT                 CC 0: started
         TM    CSW+4,X'10'          CC 1: busy, or has it been?
         BO    AGAIN
NOCARD   LPSW  READWAIT
WAIT     LPSW  WAITING
ENDED    CLC   IOOPSW+2(2),READER   another device's interruption?
         BNE   WAIT
         TM    CSW+4,X'07'          device end, check or exception?
         BZ    WAIT
         TM    CSW+4,X'03'          unit check, unit exception
         BNZ   NOCARD
         CLI   CSW+5,0              channel status
         BNE   NOCARD
         MVC   IONPSW(8),KEPT
         BR    R14
*
READCARD CCW   X'02',CARD,X'20',80
WAITING  DC    X'FE020000',A(0)     wait, enabled for I/O
DONE     DC    X'00000000',A(ENDED) go on behind the wait, disabled
CARDWAIT DC    X'00020000',X'0000BAD0' wait, disabled
READWAIT DC    X'00020000',X'0000BAD2'
OVERWAIT DC    X'00020000',X'0000BAD4'
PGMWAIT  DC    X'00020000',X'0000BAD6'
         LTORG
*
*        Not on the loader's cards
*
KEPT     DS    D
CARD     DS    CL80
READER   DS    H
         END   ENTRY
