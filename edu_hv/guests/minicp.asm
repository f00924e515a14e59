***********************************************************************
*  MINICP: a control program for one virtual machine.
*
*  It gives its guest a System/370 of 64K that is not there: the guest
*  runs on the real CPU, but in problem state and with address
*  translation on, whatever state it believes to be in.  What it may
*  not do itself interrupts it, and MINICP does it in its place, with
*  the effect that it would have had on a machine of its own.
*
*  Real storage   0000-01FF  assigned locations: they are MINICP's
*                 0200-0FFF  MINICP, the guest's PSW and registers
*                 1000-....  tables, one VDEVBLOK for each device
*                 up to the end of storage: frames for the guest
*
*  Three addresses mean the same byte.  The guest's instructions use
*  an address of its storage; the page table has the frame it is in;
*  channels know no page table, so the addresses in a channel program
*  are translated before it is started, and back in the CSW.
*  A page has no frame until it is first used.
*
*  The guest's devices are the real ones, under the same addresses.
*  Real interruptions are MINICP's.  It keeps what they tell until the
*  masks of the guest's own PSW, VMPSW, let them in.
*
*  The deck to IPL: the loader, MINICP, and the guest's deck as it is.
*  MINICP performs the guest's initial program load from the same
*  reader, where the cards behind its own are next.
*
*  It ends in a disabled wait.  If it is the guest's own, then with the
*  guest's PSW, as if the guest had the machine to itself.  Else
*            0BADC1      the guest loaded a PSW of EC mode
*            0BADC2      there are no frames left
*            0BADC3      program interruption in MINICP
*            0BADC4      machine check
*            0BADC5      the guest could not be loaded
*            0BADC6      a channel program is too long
*            0BADC7      too many devices
*
*  What the guest does not have: EC mode, address translation, CPU
*  timer and clock comparator.  Control registers other than 0 can be
*  loaded and stored, but control nothing.
*
*  In R8 and R9 the simulated instruction's fields, R10 a VDEVBLOK,
*  R11 the return address of REAL and LOOKUP, R14 of the others.
***********************************************************************
R0       EQU   0
R1       EQU   1                    an address of the guest's
R2       EQU   2                    the same, in real storage
R3       EQU   3
R4       EQU   4
R5       EQU   5
R6       EQU   6
R7       EQU   7
R8       EQU   8
R9       EQU   9
R10      EQU   10
R11      EQU   11
R14      EQU   14
R15      EQU   15
*
WAITBIT  EQU   X'02'                PSW, second byte
PROBLEM  EQU   X'01'
ECMODE   EQU   X'08'
EXTMASK  EQU   X'01'                system mask
TIMERBIT EQU   X'80'                external: interval timer
KEYBIT   EQU   X'40'                external: interrupt key
BUSY     EQU   X'10'                CSW: unit status
CHANEND  EQU   X'08'
DEVEND   EQU   X'04'
CHAINED  EQU   X'C0'                CCW: data or command chaining
COMMAND  EQU   X'40'                CCW: command chaining
INDIRECT EQU   X'04'                CCW: its address is of an IDAL
TRANSFER EQU   X'08'                CCW: transfer in channel
BACKWARD EQU   X'0C'                CCW: read backward
SSMTRAP  EQU   X'40'                CR0, first byte: SSM suppressed
*
*  As in KERNEL, everything that is needed before registers are saved
*  is in the first 4K, which needs no base register.
*
MINICP   START 0
         USING MINICP,0
         ORG   MINICP+X'02'
IPLDEV   DS    H                    the device MINICP came from
         ORG   MINICP+X'18'
EXTOPSW  DS    D                    old PSWs, in EC mode
SVCOPSW  DS    D
PGMOPSW  DS    D
MCKOPSW  DS    D
IOOPSW   DS    D
CSW      DS    D                    channel-status word
CAW      DS    F                    channel-address word
         ORG   MINICP+X'50'
TIMER    DS    F                    interval timer
         ORG   MINICP+X'58'
EXTNPSW  DS    D                    new PSWs
SVCNPSW  DS    D
PGMNPSW  DS    D
MCKNPSW  DS    D
IONPSW   DS    D
         ORG   MINICP+X'86'
EXTCODE  DS    XL2                  interruption codes, in EC mode
         ORG   MINICP+X'89'
SVCILC   DS    X
SVCCODE  DS    XL2
         ORG   MINICP+X'8D'
PGMILC   DS    X
PGMCODE  DS    XL2
PGMADDR  DS    F                    address that was not translated
         ORG   MINICP+X'A8'
CHANID   DS    F                    channel identification
         ORG   MINICP+X'BA'
IOADDR   DS    H                    device that interrupted
***********************************************************************
*  The beginning: the loader comes here.  How much storage is there?
*  The first address for which there is no key is behind the last.
*
         ORG   MINICP+X'200'
START    MVC   EXTNPSW(40),HANDLERS the doors into MINICP
         LCTL  0,2,CR0              table formats and external masks,
*                                   segment table, channel masks
         LPSW  STARTPSW             EC mode
STARTED  MVC   PGMNPSW,SIZEPSW
         L     R2,=A(FRAMES)
NEXTKEY  ISK   R1,R2
         A     R2,=F'4096'
         C     R2,=A(X'FFF000')     no address is higher
         BL    NEXTKEY
SIZED    S     R2,=F'4096'
         ST    R2,NEXTFRM           the last frame is used first
         MVC   PGMNPSW,PROGRAM
         SR    R1,R1
         BAL   R11,REAL             page 0 of the guest
         ST    R2,VMPAGE0           it is used at each interruption
         L     R10,=A(VDEVS)
         USING VDEVBLOK,R10
NEXTVDEV XC    0(16,R10),0(R10)
         MVC   VDEVADDR,=X'FFFF'    no VDEVBLOK belongs to a device
         LA    R10,VDEVLEN(,R10)
         C     R10,=A(VDEVSEND)
         BL    NEXTVDEV
***********************************************************************
*  Initial program loading of the guest.  A CCW "read 24 bytes to 0,
*  command chaining" is in control first.  The CCWs behind it are read
*  by those before them, so that each is translated when its turn has
*  come, and is started alone.
*
         MVC   0(8,R2),IPLREAD      this will be read over
         L     R10,=A(VDEVS)        the device may have any VDEVBLOK
         SR    R3,R3
IPLCCW   LR    R1,R3
         BAL   R11,REAL             where is the CCW?
         BNZ   IPLBAD
         IC    R0,0(,R2)
         BAL   R14,ISTIC
         BNE   IPLONE
         L     R3,0(,R2)            a TIC: take the CCW it names
         LA    R3,0(,R3)
         LR    R1,R3
         BAL   R11,REAL
         BNZ   IPLBAD
         IC    R0,0(,R2)
         BAL   R14,ISTIC
         BE    IPLBAD               which is no TIC
IPLONE   ST    R3,IPLADDR
         MVC   IPLFLAGS,4(R2)
         BAL   R14,CHAIN            translate
         NI    VDEVCCWS+4,X'FF'-CHAINED
         LA    R0,VDEVCCWS
         ST    R0,CAW
         LH    R1,IPLDEV
         XC    IPLSTAT,IPLSTAT
IPLSIO   SIO   0(R1)
         BC    8,IPLTIO             CC 0: started
         BC    2,IPLSIO             CC 2: not yet
         BC    1,IPLBAD             CC 3: not there
         TM    CSW+4,BUSY           CC 1: still at the card before, or
         BO    IPLSIO
         B     IPLCSW               ended already
IPLTIO   TIO   0(R1)                wait until it has ended
         BC    2+8,IPLTIO
         BC    1,IPLBAD
         TM    CSW+4,BUSY
         BO    IPLTIO
IPLCSW   OC    IPLSTAT,CSW+4
         TM    IPLSTAT,X'FF'-CHANEND-DEVEND
         BNZ   IPLBAD
         CLI   IPLSTAT+1,0          a check by the channel
         BNE   IPLBAD
         TM    IPLSTAT,DEVEND
         BZ    IPLTIO               device end is still to come
         L     R3,IPLADDR           done: does the original chain?
         LA    R3,8(,R3)
         TM    IPLFLAGS,COMMAND
         BO    IPLCCW
         L     R2,VMPAGE0
         MVC   2(2,R2),IPLDEV       where the guest came from
         MVC   VMPSW,0(R2)          its first PSW
         B     DISPATCH
IPLBAD   LPSW  LOADSTOP
***********************************************************************
*  The dispatcher.  Every path leads here, and from here only to the
*  guest: first an interruption that is pending and that VMPSW lets
*  in, external before I/O; then, unless it waits, the guest goes on.
*
DISPATCH NI    VMPSW+4,X'3F'        no instruction length: that is for
         TM    VMPSW+1,ECMODE       program and SVC interruptions only
         BO    ECSTOP
         TM    VMPSW,EXTMASK
         BZ    IOTEST
         MVC   WORK(1),VMEXT
         NC    WORK(1),VMCRS+3      the masks in CR0
         BZ    IOTEST
         XC    VMEXT,WORK           it is no longer pending
         MVI   VMPSW+2,0
         MVC   VMPSW+3(1),WORK      interruption code
         LA    R1,EXTOPSW
         B     REFLECT
*
IOTEST   L     R10,=A(VDEVS)
IONEXT   TM    VDEVFLAG,PENDING
         BZ    IONOT
         LH    R3,VDEVADDR
         SRL   R3,8                 the channel
         CH    R3,=H'6'
         BL    IOCHAN
         LA    R3,6                 one mask for 6 and above
IOCHAN   LA    R4,X'80'
         SRL   R4,0(R3)
         EX    R4,IOMASK            is the guest enabled for it?
         BO    IODELIVR
IONOT    LA    R10,VDEVLEN(,R10)
         C     R10,=A(VDEVSEND)
         BL    IONEXT
         TM    VMPSW+1,WAITBIT
         BO    WAITING
*
*        The real PSW: EC mode, translation on, problem state, enabled
*        for everything.  Only key, condition code, program mask and
*        instruction address are the guest's own.
*
         MVC   RUNPSW+1(1),VMPSW+1
         NI    RUNPSW+1,X'F0'       key
         OI    RUNPSW+1,X'0D'       EC, machine check, problem state
         MVC   RUNPSW+2(1),VMPSW+4
         NI    RUNPSW+2,X'3F'       CC, program mask
         MVC   RUNPSW+5(3),VMPSW+5
         L     R2,VMPAGE0
         L     R1,TIMER-MINICP(,R2) the guest's timer, but no longer
         CL    R1,SLICE             than a slice: then its value at
         BNH   RUN                  location X'50' is brought up to
         L     R1,SLICE             date
RUN      ST    R1,LENT
         ST    R1,TIMER
         LM    R0,R15,VMGPRS
         LPSW  RUNPSW               the way out
IOMASK   TM    VMPSW,*-*            executed
*
*        The guest waits, and so does the machine: for an interruption
*        that MINICP then brings it.  Its timer counts all the same.
*
WAITING  CLI   VMPSW,0
         BE    GUESTEND
         MVI   WAITPSW,X'02'        enabled for I/O
         TM    VMPSW,EXTMASK
         BZ    WAITTIME
         OI    WAITPSW,EXTMASK      and for external, if the guest is
WAITTIME L     R2,VMPAGE0
         L     R1,TIMER-MINICP(,R2)
         LTR   R1,R1
         BNM   WAIT
         L     R1,FOREVER           it has run out already
WAIT     ST    R1,LENT
         ST    R1,TIMER
         LM    R0,R15,VMGPRS        as if the guest ran: see SAVE
         LPSW  WAITPSW
GUESTEND LPSW  VMPSW                nothing will end this wait
ECSTOP   LPSW  ECWAIT
*
*        Reflect: the interruption happens to the guest.  R1 is the
*        location of the old PSW; the code is in VMPSW already.
*
IODELIVR MVC   VMPSW+2(2),VDEVADDR
         BAL   R14,GIVECSW
         LA    R1,IOOPSW
REFLECT  A     R1,VMPAGE0
         MVC   0(8,R1),VMPSW
         MVC   VMPSW,EXTNPSW-EXTOPSW(R1)
         B     DISPATCH
***********************************************************************
*  The four doors.  The guest ran or waited: its registers are in the
*  real ones.
*
EXTINT   STM   R0,R15,VMGPRS
         LA    R1,EXTOPSW
         BAL   R14,SAVE             this looks at the timer, too
         TM    EXTCODE+1,KEYBIT
         BZ    DISPATCH
         OI    VMEXT,KEYBIT
         B     DISPATCH
*
IOINT    STM   R0,R15,VMGPRS
         LA    R1,IOOPSW
         BAL   R14,SAVE
         LH    R1,IOADDR
         BAL   R11,LOOKUP
         STH   R1,VDEVADDR          if it had none, it has one now
         BAL   R14,UNCHAIN          the CSW, as the guest has to see it
         OI    VDEVFLAG,PENDING
         B     DISPATCH
*
SVCINT   STM   R0,R15,VMGPRS
         LA    R1,SVCOPSW
         BAL   R14,SAVE
         MVC   VMPSW+2(2),SVCCODE   interruption code
         IC    R2,SVCILC
         BAL   R14,SAVEILC
         LA    R1,SVCOPSW
         B     REFLECT
*
PGMINT   TM    PGMOPSW+1,PROBLEM    the guest, or MINICP itself?
         BZ    OWNERROR
         STM   R0,R15,VMGPRS
         LA    R1,PGMOPSW
         BAL   R14,SAVE
         IC    R2,PGMILC
         BAL   R14,SAVEILC
         CLI   PGMCODE+1,X'11'      page translation exception
         BE    NEWPAGE
         CLI   PGMCODE+1,X'10'      segment translation exception
         BE    OUTSIDE
         CLI   PGMCODE+1,X'02'      privileged operation
         BNE   OWNFAULT
         TM    VMPSW+1,PROBLEM      in the guest's supervisor state?
         BZ    SIMULATE
OWNFAULT LH    R2,PGMCODE           the guest's own affair
         B     FAULT
OWNERROR LPSW  OWNSTOP
*
NEWPAGE  L     R1,PGMADDR           the first use of a page: the
         BAL   R11,REAL             instruction is executed again when
         BZ    DISPATCH             there is a frame
OUTSIDE  SR    R2,R2                no segment: the guest's storage has
         IC    R2,PGMILC            ended.  A translation exception
         A     R2,VMPSW+4           leaves the instruction address, an
         STCM  R2,B'0111',VMPSW+5   addressing exception advances it
NOADDR   LA    R2,X'05'             addressing
         B     FAULT
NOINSTR  LA    R2,X'01'             operation
         B     FAULT
NOACCESS LA    R2,X'04'             protection
         B     FAULT
NOTRIGHT LA    R2,X'06'             specification
FAULT    STH   R2,VMPSW+2
         LA    R1,PGMOPSW
         B     REFLECT
*
*        What all doors do: VMPSW from the old PSW at R1, if the guest
*        ran; and the time it has had comes off its timer.
*
SAVE     L     R2,TIMER
         MVC   TIMER,FOREVER        MINICP's time does not count
         TM    1(R1),PROBLEM
         BZ    SAVETIME             the guest waited
         MVC   VMPSW+4(4),4(R1)     instruction address
         MVC   VMPSW+4(1),2(R1)     CC, program mask
SAVETIME L     R3,LENT
         SR    R3,R2                the time that has passed
         L     R4,VMPAGE0
         L     R5,TIMER-MINICP(,R4)
         LR    R6,R5
         SR    R6,R3
         ST    R6,TIMER-MINICP(,R4) less than it was
         LTR   R5,R5                was it positive
         BMR   R14
         LTR   R6,R6                and is it no longer?
         BNMR  R14
         OI    VMEXT,TIMERBIT       it has become negative
         BR    R14
*
SAVEILC  SLL   R2,5                 the length is where BC mode has it
         STC   R2,WORK
         OC    VMPSW+4(1),WORK
         BR    R14
***********************************************************************
*  Storage.  REAL: guest address R1 to real address R2; CC 0, or CC 1
*  or 3 if the guest has no such storage.  LRA asks the machine's own
*  translation; a page that has no frame gets one, cleared.
*
REAL     LA    R1,0(,R1)
         LRA   R2,0(,R1)
         BCR   8+4+1,R11
         STM   R3,R7,REALGRS
         L     R2,NEXTFRM
         C     R2,=A(FRAMES)        is there one?
         BL    NOFRAME
         LR    R4,R2
         L     R5,=F'4096'
         SR    R7,R7                length 0, filled with X'00'
         MVCL  R4,R6
         SSK   R7,R2                key 0 for each half
         LA    R4,2048(,R2)
         SSK   R7,R4
         LR    R4,R2
         S     R4,=F'4096'
         ST    R4,NEXTFRM
         SRL   R2,8                 page-table entry: frame number,
         LR    R3,R1                valid
         SRL   R3,12
         SLL   R3,1
         A     R3,=A(PAGETAB)
         STH   R2,0(,R3)
         LM    R3,R7,REALGRS
         B     REAL
NOFRAME  LPSW  FRAMSTOP
*
*        An operand at R1 that the guest fetches or stores: the same,
*        but what the guest's key forbids becomes its exception.
*
TOFETCH  MVI   WORK,X'08'           refused if fetch-protected
         B     OPERAND
TOSTORE  MVI   WORK,X'FF'           refused if the keys differ
OPERAND  BAL   R11,REAL
         BNZ   NOADDR
         TM    VMPSW+1,X'F0'
         BZR   R14                  key 0 may do everything
         LR    R4,R2
         N     R4,=X'00FFF800'
         ISK   R3,R4
         LR    R4,R3
         IC    R5,VMPSW+1
         XR    R4,R5
         N     R4,=X'000000F0'
         BZR   R14                  the keys match
         O     R3,=X'000000F0'
         EX    R3,OPERMASK
         BNZ   NOACCESS
         BR    R14
OPERMASK TM    WORK,*-*             executed
***********************************************************************
*  Simulate a privileged instruction.  It is fetched as the CPU would
*  fetch it; if it is the target of EXECUTE, that gets it first.
*
SIMULATE L     R1,VMPSW+4
         SR    R2,R2
         IC    R2,PGMILC
         SR    R1,R2                it is before the address in VMPSW
         BAL   R14,GETINST
         CLI   VMINST,X'44'         EXECUTE?
         BNE   DECODE
         BAL   R14,ADDRESS          EXECUTE: base, displacement
         SR    R3,R3
         IC    R3,VMINST+1
         LR    R8,R3
         SRL   R8,4                 R1 field, as number of a byte:
         SLL   R8,2                 4 times
         N     R3,=F'15'            the index
         BZ    EXTARGET
         SLL   R3,2
         A     R1,VMGPRS(R3)
EXTARGET BAL   R14,GETINST          the target takes its place
         LTR   R8,R8
         BZ    DECODE
         LA    R3,VMGPRS(R8)
         OC    VMINST+1(1),3(R3)    the last byte of the register
*
*        Look it up: by its first byte, or after X'B2' by its second
*
DECODE   LA    R3,OPCODES
         MVC   WORK(1),VMINST
         CLI   VMINST,X'B2'
         BNE   LOOKOP
         LA    R3,OPCODEB2
         MVC   WORK(1),VMINST+1
LOOKOP   CLC   WORK(1),0(R3)
         BE    FOUNDOP
         LA    R3,4(,R3)
         CLI   0(R3),0
         BNE   LOOKOP               the end: no such instruction
FOUNDOP  BAL   R14,ADDRESS          R1: the operand's address
         SR    R8,R8
         IC    R8,VMINST+1          the register fields, 4 times
         LR    R9,R8
         SRL   R8,4
         SLL   R8,2
         SLL   R9,2
         N     R9,=F'60'
         L     R3,0(,R3)
         BR    R3
*
         DS    0F
OPCODES  DC    X'08',AL3(VSSK)
         DC    X'09',AL3(VISK)
         DC    X'80',AL3(VSSM)
         DC    X'82',AL3(VLPSW)
         DC    X'83',AL3(VDIAG)
         DC    X'9C',AL3(VSIO)       and SIOF
         DC    X'9D',AL3(VTIO)       and CLRIO
         DC    X'9E',AL3(VHIO)       and HDV
         DC    X'9F',AL3(VTCH)
         DC    X'AC',AL3(VSTNSM)
         DC    X'AD',AL3(VSTOSM)
         DC    X'B6',AL3(VSTCTL)
         DC    X'B7',AL3(VLCTL)
         DC    X'00',AL3(NOINSTR)
OPCODEB2 DC    X'02',AL3(VSTIDP)
         DC    X'03',AL3(VSTIDC)
         DC    X'04',AL3(VSCK)
         DC    X'0A',AL3(VSPKA)
         DC    X'0B',AL3(VIPK)
         DC    X'0D',AL3(DISPATCH)  PTLB: there is nothing to purge
         DC    X'13',AL3(VRRB)
         DC    X'00',AL3(NOINSTR)
*
*        The instruction at R1, as many halfwords as it is long
*
GETINST  BAL   R11,REAL
         BNZ   NOADDR
         MVC   VMINST(2),0(R2)
         CLI   VMINST,X'40'
         BLR   R14                  RR format
         LA    R1,2(,R1)
         BAL   R11,REAL             the next may be in another page
         BNZ   NOADDR
         MVC   VMINST+2(2),0(R2)
         BR    R14
*
*        R1: the sum of displacement and base register
*
ADDRESS  LH    R1,VMINST+2
         N     R1,=X'00000FFF'
         SR    R2,R2
         IC    R2,VMINST+2
         SRL   R2,4
         SLL   R2,2
         LTR   R2,R2
         BZR   R14                  base register 0 means none
         A     R1,VMGPRS(R2)
         LA    R1,0(,R1)
         BR    R14
***********************************************************************
*  The instructions, in VMPSW, VMGPRS and VMCRS what the CPU does in
*  its own.  Nothing is taken in at once that they enable: the
*  dispatcher does that.
*
VLPSW    LA    R3,7                 a doubleword boundary
         BAL   R14,ALIGNED
         BAL   R14,TOFETCH
         MVC   VMPSW,0(R2)
         B     DISPATCH
*
VSSM     TM    VMCRS,SSMTRAP        CR0 may forbid it
         BO    SPECIAL
         BAL   R14,TOFETCH
         MVC   VMPSW(1),0(R2)
         B     DISPATCH
SPECIAL  LA    R2,X'13'             special operation
         B     FAULT
*
VSTNSM   BAL   R14,TOSTORE          store, then AND
         MVC   0(1,R2),VMPSW
         NC    VMPSW(1),VMINST+1
         B     DISPATCH
VSTOSM   BAL   R14,TOSTORE          store, then OR
         MVC   0(1,R2),VMPSW
         OC    VMPSW(1),VMINST+1
         B     DISPATCH
*
VSPKA    STC   R1,WORK              bits 24-27 of the address
         NI    WORK,X'F0'
         NI    VMPSW+1,X'0F'
         OC    VMPSW+1(1),WORK
         B     DISPATCH
VIPK     MVC   VMGPRS+11(1),VMPSW+1 the last byte of register 2
         NI    VMGPRS+11,X'F0'
         B     DISPATCH
*
VSSK     BAL   R14,BLOCK
         L     R3,VMGPRS(R8)
         SSK   R3,R2                the real key: it protects the guest
         B     DISPATCH             from itself, as it means to
VISK     BAL   R14,BLOCK
         ISK   R3,R2
         N     R3,=X'000000F8'      BC mode: no reference and change
         STC   R3,VMGPRS+3(R8)
         B     DISPATCH
VRRB     BAL   R11,REAL
         BNZ   NOADDR
         RRB   0(R2)
         BALR  R3,0
         B     SETCC
BLOCK    L     R1,VMGPRS(R9)        R2: a block of 2K
         LA    R3,15
         BAL   R11,ALIGN
         BAL   R11,REAL
         BNZ   NOADDR
         N     R2,=X'00FFF800'
         BR    R14
*
VLCTL    LA    R3,3                 a word boundary
         BAL   R14,ALIGNED
LCTLNEXT BAL   R14,TOFETCH
         LA    R3,VMCRS(R8)
         MVC   0(4,R3),0(R2)
         CR    R8,R9
         BE    DISPATCH
         LA    R1,4(,R1)
         LA    R8,4(,R8)
         N     R8,=F'60'            0 comes after 15
         B     LCTLNEXT
VSTCTL   LA    R3,3
         BAL   R14,ALIGNED
STCTNEXT BAL   R14,TOSTORE
         LA    R3,VMCRS(R8)
         MVC   0(4,R2),0(R3)
         CR    R8,R9
         BE    DISPATCH
         LA    R1,4(,R1)
         LA    R8,4(,R8)
         N     R8,=F'60'
         B     STCTNEXT
*
VSTIDP   LA    R3,7                 a doubleword boundary
         BAL   R14,ALIGNED
         BAL   R14,TOSTORE
         STIDP 0(R2)
         MVI   0(R2),X'FF'          the version of virtual machines
         B     DISPATCH
VSCK     LA    R3,7
         BAL   R14,ALIGNED
         BAL   R14,TOFETCH
         B     CC1                  the clock is not the guest's
*
ALIGNED  LR    R11,R14
ALIGN    NR    R3,R1                R3: the bits that have to be zeros
         BZR   R11
         B     NOTRIGHT
*
*        The condition code: that of MINICP's own instruction, which
*        BALR has put into bits 2 and 3 of R3; or a number.
*
CC0      SR    R3,R3
         B     SETCC
CC1      LA    R3,1
         B     CCNUMBER
CC2      LA    R3,2
         B     CCNUMBER
CC3      LA    R3,3
CCNUMBER SLL   R3,28
SETCC    N     R3,=X'30000000'
         SRL   R3,24
         STC   R3,WORK
         NI    VMPSW+4,X'CF'
         OC    VMPSW+4(1),WORK
         B     DISPATCH
***********************************************************************
*  Input/output instructions.  R1 is the device address, the guest's
*  and the real one.  LOOKUP: R10 the VDEVBLOK of the device, or one
*  that is free.
*
LOOKUP   L     R10,=A(VDEVS)
LOOKNEXT CH    R1,VDEVADDR          is this the device's?
         BER   R11
         CLI   VDEVADDR,X'FF'       or nobody's?
         BER   R11
         LA    R10,VDEVLEN(,R10)
         C     R10,=A(VDEVSEND)
         BL    LOOKNEXT
         LPSW  DEVSTOP
*
VSIO     BAL   R14,DEVICE           find its VDEVBLOK
         TM    VDEVFLAG,PENDING
         BO    SIOPEND
         TM    VDEVFLAG,RUNNING
         BO    CC2
         ST    R1,IODEVICE
         L     R2,VMPAGE0
         L     R3,CAW-MINICP(,R2)   the guest's CAW
         LR    R0,R3
         N     R0,=X'FF000007'      the key, and what is wrong in it
         LA    R4,VDEVCCWS          the copy's address
         OR    R0,R4
         ST    R0,CAW
         N     R0,=X'0F000007'
         BNZ   SIOREAL              wrong: there is no need to
         LA    R3,0(,R3)
         BAL   R14,CHAIN            translate
SIOREAL  L     R1,IODEVICE
         SIO   0(R1)
         BALR  R3,0                 leaves the CC as it is
         BC    4,STATUS             CC 1
         BC    3,SETCC              CC 2, CC 3
         STH   R1,VDEVADDR          CC 0: now the VDEVBLOK is its own
         OI    VDEVFLAG,RUNNING
         B     SETCC
*
*        An interruption is pending, which only the guest's masks hold
*        up.  In the subchannel: busy.  In the device: here it is.
*
SIOPEND  TM    VDEVCSW+4,CHANEND
         BO    CC2
         CLI   VDEVCSW+5,0
         BNE   CC2
         OI    VDEVCSW+4,BUSY
         L     R2,VMPAGE0
         MVC   CSW-MINICP+4(2,R2),VDEVCSW+4
         NI    VDEVFLAG,X'FF'-PENDING
         B     CC1
*
VTIO     BAL   R14,DEVICE
         TM    VDEVFLAG,PENDING
         BO    TIOPEND
         TIO   0(R1)
         BALR  R3,0
         BC    8+2+1,SETCC
         BAL   R14,UNCHAIN          CC 1: a CSW, as the guest sees it
TIOPEND  BAL   R14,GIVECSW
         B     CC1
*
*        The guest gets its CSW; what has come later is pending then
*
GIVECSW  L     R2,VMPAGE0
         MVC   CSW-MINICP(8,R2),VDEVCSW
         NI    VDEVFLAG,X'FF'-PENDING
         CLI   VDEVLATE,0
         BER   R14
         OI    VDEVFLAG,PENDING
         XC    VDEVCSW,VDEVCSW
         MVC   VDEVCSW+4(1),VDEVLATE
         MVI   VDEVLATE,0
         BR    R14
*
VHIO     BAL   R14,DEVICE
         TM    VDEVFLAG,PENDING
         BZ    HALT
         TM    VDEVCSW+4,CHANEND
         BO    CC0                  there is nothing left to halt
HALT     TM    VMINST+1,X'01'       HALT I/O or HALT DEVICE?
         BO    HALTDEV
         HIO   0(R1)
         BALR  R3,0
         B     HALTED
HALTDEV  HDV   0(R1)
         BALR  R3,0
HALTED   BC    8+2+1,SETCC
STATUS   L     R2,VMPAGE0           CC 1: only the status is stored
         MVC   CSW-MINICP+4(2,R2),CSW+4
         B     SETCC
*
VTCH     L     R10,=A(VDEVS)        what is pending for the guest
TCHNEXT  TM    VDEVFLAG,PENDING
         BZ    TCHNOT
         LH    R3,VDEVADDR
         XR    R3,R1
         N     R3,=X'00000F00'      the same channel?
         BZ    CC1
TCHNOT   LA    R10,VDEVLEN(,R10)
         C     R10,=A(VDEVSEND)
         BL    TCHNEXT
         TCH   0(R1)                else what the channel says
         BALR  R3,0
         B     SETCC
*
VSTIDC   STIDC 0(R1)
         BALR  R3,0
         BC    4+2+1,SETCC
         L     R2,VMPAGE0
         MVC   CHANID-MINICP(4,R2),CHANID
         B     SETCC
*
DEVICE   N     R1,=X'0000FFFF'
         C     R1,=F'4095'
         BH    CC3                  no channel has such a number
         LR    R11,R14
         B     LOOKUP
***********************************************************************
*  CHAIN translates the channel program at R3 of the guest into the
*  VDEVBLOK.  Channels need real addresses, and an area that is in one
*  piece for the guest is not in real storage: so each CCW gets a list
*  of indirect data addresses.  There is room for 32 CCWs and 64 IDAWs.
*  What cannot be translated is made invalid, for the channel to find
*  when it gets there, as it would with the guest's own.
*
*        R4 next CCW, R5 next IDAW, R8 the TIC to be resolved
*
CHAIN    ST    R14,CHAINRET
         LA    R4,VDEVCCWS
         LA    R5,VDEVIDAL
         LR    R8,R4
         BAL   R14,COPY
*
*        Each TIC leads to a copy: if there is none, make it
*
TICNEXT  CR    R8,R4
         BNL   CHAINEND             all have been seen
         IC    R0,0(,R8)
         BAL   R14,ISTIC
         BNE   TICDONE
         L     R1,0(,R8)
         LR    R3,R1
         N     R3,=F'7'
         BNZ   TICDONE              no doubleword: it stays wrong
         BAL   R11,REAL
         BNZ   TICBAD
         LR    R3,R1
         LA    R6,VDEVCCWS
         LA    R7,VDEVFROM
TICFIND  CR    R6,R4
         BNL   TICCOPY              it has not been copied
         C     R3,0(,R7)
         BE    TICFOUND
         LA    R6,8(,R6)
         LA    R7,4(,R7)
         B     TICFIND
TICCOPY  STCM  R4,B'0111',1(R8)     it will be the next one
         BAL   R14,COPY
         B     TICDONE
TICBAD   L     R6,=X'00FFFFFF'      nor is this a doubleword
TICFOUND STCM  R6,B'0111',1(R8)
TICDONE  LA    R8,8(,R8)
         B     TICNEXT
CHAINEND L     R14,CHAINRET
         BR    R14
*
ISTIC    N     R0,=F'15'            CC 0: the command in R0 is TIC
         CH    R0,=Y(TRANSFER)
         BR    R14
*
*        Copy CCWs from R3 on until one is not chained.  A TIC ends
*        the chain, too, unless it goes back, as in SEARCH, TIC *-8:
*        the CCW behind it has its turn when the search succeeds.
*
COPY     LA    R0,VDEVFROM
         CR    R4,R0
         BNL   CHNSTOP              too long
         LR    R7,R4
         LA    R0,VDEVCCWS
         SR    R7,R0
         SRL   R7,1
         ST    R3,VDEVFROM(R7)      whose copy it is
         XC    0(8,R4),0(R4)        invalid, if it cannot be fetched
         LR    R1,R3
         N     R1,=F'7'
         BNZ   COPYLAST
         LR    R1,R3
         BAL   R11,REAL
         BNZ   COPYLAST
         MVC   0(8,R4),0(R2)        command, flags and count stay
         IC    R0,0(,R4)
         N     R0,=F'15'
         CH    R0,=Y(TRANSFER)
         BE    COPYTIC
         BAL   R9,DATA
         TM    4(R4),CHAINED
         BZ    COPYLAST
COPYMORE LA    R4,8(,R4)
         LA    R3,8(,R3)
         B     COPY
COPYTIC  L     R1,0(,R4)            where does it lead?
         LA    R1,0(,R1)
         CR    R1,R3
         BL    COPYMORE
COPYLAST LA    R4,8(,R4)
         BR    R14
CHNSTOP  LPSW  LONGSTOP
*
*        The data of the CCW at R4: a real address for each block of
*        2K that it touches.  The guest's addresses are those that
*        follow the first one, or are in a list of its own.
*
DATA     L     R1,0(,R4)            the guest's data address
         LA    R1,0(,R1)
         LH    R6,6(,R4)
         N     R6,=X'0000FFFF'      the count
         STCM  R5,B'0111',1(R4)     the copy's is that of its list
         ST    R1,GUESTIDA          of a list, perhaps
         TM    4(R4),INDIRECT
         BO    DATALIST
         OI    4(R4),INDIRECT       it has a list in the copy
         B     DATAREAL
DATALIST MVI   GUESTIDA,X'FF'       it has one in the original
DATAIDAW L     R1,GUESTIDA
         BAL   R11,REAL
         BNZ   DATABAD
         TM    0(R2),X'FF'
         BNZ   DATABAD              bits 0-7 have to be zeros
         L     R1,GUESTIDA
         A     R1,=F'4'
         ST    R1,GUESTIDA          the one after it
         L     R1,0(,R2)
DATAREAL BAL   R11,REAL
         BZ    DATASET
DATABAD  L     R2,=X'FF000000'      no valid IDAW
DATASET  LA    R0,VDEVLEN(,R10)
         CR    R5,R0
         BNL   CHNSTOP
         ST    R2,0(,R5)            the next IDAW
         LA    R5,4(,R5)
         LR    R7,R1
         N     R7,=F'2047'          bytes before it in the block
         IC    R0,0(,R4)
         N     R0,=F'15'
         CH    R0,=Y(BACKWARD)
         BE    DATABACK
         LA    R0,2048
         SR    R0,R7
         AR    R1,R0                the next block
         SR    R6,R0
         B     DATANEXT
DATABACK LA    R7,1(,R7)
         SR    R1,R7                the last byte of the block before
         SR    R6,R7
DATANEXT BNPR  R9                   the count is used up
         CLI   GUESTIDA,X'FF'
         BE    DATAIDAW
         B     DATAREAL
***********************************************************************
*  UNCHAIN translates the CSW back: it names a CCW in the VDEVBLOK,
*  but has to name the guest's.  It joins what is pending already.
*
UNCHAIN  TM    VDEVFLAG,PENDING
         BZ    CSWNEW
         TM    VDEVCSW+4,CHANEND    device end after channel end: one
         BO    CSWLATE              by one, as from the real channel
         OC    CSW+4(2),VDEVCSW+4
CSWNEW   MVC   VDEVCSW,CSW          key, status and count stay
         L     R2,CSW
         LA    R2,0(,R2)            behind the last CCW
         LA    R0,VDEVCCWS+8
         SR    R2,R0
         BM    CSWNONE
         SRL   R2,1
         C     R2,=A(VDEVIDAL-VDEVFROM)
         BNL   CSWNONE              it is of no channel program
         L     R2,VDEVFROM(R2)      the original's address
         LA    R2,8(,R2)
         B     CSWADDR
CSWNONE  SR    R2,R2
CSWADDR  STCM  R2,B'0111',VDEVCSW+1
         CLC   VDEVCSW+4(2),=X'0080'
         BER   R14                  program-controlled: it goes on
         NI    VDEVFLAG,X'FF'-RUNNING
         BR    R14
CSWLATE  OC    VDEVLATE,CSW+4
         BR    R14
***********************************************************************
*  DIAGNOSE: the guest calls its control program.  Codes X'00' who is
*  it, X'60' how much storage is there; X'08' no command is known;
*  X'24' no device is described.
*
VDIAG    LA    R3,DIAGS             R1 is the code
DIAGLOOK CH    R1,0(,R3)
         BE    DIAGDO
         LA    R3,4(,R3)
         CLI   0(R3),X'FF'
         BNE   DIAGLOOK
         B     NOTRIGHT             specification: no such code
DIAGDO   LH    R3,2(,R3)
         BR    R3
DIAGS    DC    X'0000',Y(DIAG00)
         DC    X'0008',Y(DIAG08)
         DC    X'0024',Y(CC3)
         DC    X'0060',Y(DIAG60)
         DC    X'FF'
*
DIAG00   L     R1,VMGPRS(R8)        the area, a doubleword boundary
         LA    R3,7
         BAL   R14,ALIGNED
         L     R6,VMGPRS(R9)        its length
         LA    R7,IDENT
DIAGBYTE LTR   R6,R6
         BNP   DIAGEND
         BAL   R14,TOSTORE          byte by byte, page by page
         MVC   0(1,R2),0(R7)
         LA    R1,1(,R1)
         LA    R7,1(,R7)
         BCTR  R6,0
         C     R7,=A(IDENTEND)
         BL    DIAGBYTE
DIAGEND  ST    R6,VMGPRS(R9)        what is left of it
         B     DISPATCH
DIAG08   C     R9,=F'60'            R15 has none behind it
         BE    NOTRIGHT
         LA    R3,1                 return code: unknown command
         ST    R3,VMGPRS(R9)
         SR    R3,R3
         ST    R3,VMGPRS+4(R9)      an answer of no length
         B     CC0
DIAG60   L     R3,=A(VMSIZE)
         ST    R3,VMGPRS(R8)
         B     DISPATCH
***********************************************************************
*  MINICP's data
*
         DS    0D
HANDLERS DC    X'000C0000',A(EXTINT)    the new PSWs: EC mode, no
         DC    X'000C0000',A(SVCINT)    translation, supervisor state,
PROGRAM  DC    X'000C0000',A(PGMINT)    disabled but for machine
         DC    X'00020000',X'000BADC4'  checks
         DC    X'000C0000',A(IOINT)
STARTPSW DC    X'000C0000',A(STARTED)
SIZEPSW  DC    X'000C0000',A(SIZED)
RUNPSW   DC    X'07',7X'00'         translation, I/O, external
WAITPSW  DC    X'020E0000',A(0)     EC mode, wait
ECWAIT   DC    X'00020000',X'000BADC1'  disabled waits
FRAMSTOP DC    X'00020000',X'000BADC2'
OWNSTOP  DC    X'00020000',X'000BADC3'
LOADSTOP DC    X'00020000',X'000BADC5'
LONGSTOP DC    X'00020000',X'000BADC6'
DEVSTOP  DC    X'00020000',X'000BADC7'
IPLREAD  CCW   X'02',0,X'60',24
CR0      DC    X'008000C0'          64K segments, 4K pages; timer, key
CR1      DC    X'00',AL3(SEGTAB)    16 entries
CR2      DC    X'FFFFFFFF'          all channels
SLICE    DC    F'77'                a millisecond, in units of the
FOREVER  DC    X'7FFFFFFF'          timer; and seven hours
IPLADDR  DS    F                    the CCW in control
IPLSTAT  DS    XL2
IPLFLAGS DS    X
WORK     DS    X
LENT     DC    F'0'                 what the timer was set to
NEXTFRM  DS    F                    the frame to be used next
CHAINRET DS    F
IODEVICE DS    F
GUESTIDA DS    F
REALGRS  DS    5F
IDENT    DC    CL8'MINICP',XL8'00',CL8'GUEST',XL8'00'
IDENTEND EQU   *
*
*        The virtual machine: what it has instead of a CPU's registers,
*        under the names that VM/370 uses
*
         DS    0D
VMPSW    DC    XL8'00'
VMGPRS   DC    16F'0'
VMCRS    DC    X'000000E0',F'0',X'FFFFFFFF',11F'0'
         DC    X'C2000000',X'00000200'
VMPAGE0  DS    A                    where its location 0 is
VMEXT    DC    X'00'                external interruptions pending
VMINST   DS    XL4                  the instruction to simulate
         LTORG
***********************************************************************
*  What is kept of each device.  The tables: X'1000' and on.
*
VDEVBLOK DSECT
VDEVADDR DS    H                    device address, or X'FFFF'
VDEVFLAG DS    X
RUNNING  EQU   X'80'                a channel program is under way
PENDING  EQU   X'40'                an interruption is pending
VDEVLATE DS    X                    device status to follow it
         DS    XL4
VDEVCSW  DS    D                    and this is its CSW
VDEVCCWS DS    32D                  the translated channel program
VDEVFROM DS    32F                  the address of each CCW's original
VDEVIDAL DS    64F                  indirect data addresses
VDEVLEN  EQU   *-VDEVBLOK
*
MINICP   CSECT
         ORG   MINICP+X'1000'
SEGTAB   DC    X'F0',AL3(PAGETAB)   the first segment: 16 pages
         DC    15X'00000001'        there are no others
PAGETAB  DC    16X'0008'            no page has a frame yet
VMSIZE   EQU   X'10000'
VDEVS    DS    0D
         ORG   VDEVS+8*VDEVLEN
VDEVSEND EQU   *
         ORG   MINICP+X'3000'
FRAMES   EQU   *
         END   START
