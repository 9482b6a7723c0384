"""Codes of faults and refusals while the runner works: store (ST), journal (JR), targets (RG), planning (PL, PF),
guards (GD), applying (AP), driving (EX), and the command line (CL, OP, AK, CF000, PB000)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from runner.catalogue_entry import Entry

FAULTS: Final[Mapping[str, Entry]] = MappingProxyType(
    {
        "AK001": Entry(
            "no such human step",
            "The step that was acknowledged is not a step that people carry out in this outage, or the name fits "
            "several.",
            "`runner steps OUTAGE` lists what waits, each with the command to type.",
        ),
        "AK002": Entry(
            "the target shows another value",
            "A person says that a step is done, and the target, asked right then, holds something else.",
            "Set the value as the step says, save it there, and acknowledge the step then.",
        ),
        "AP001": Entry(
            "every window is over",
            "All windows of the playbook lie in the past, so there is nothing to open.",
            "Open it now with `--now --for 3h`, or write a new window.",
        ),
        "AP002": Entry(
            "imported outages can only be reverted",
            "The outage was rebuilt from its journal file. A journal is enough to give everything back, not to go on.",
            "`runner revert OUTAGE`.",
        ),
        "AP003": Entry(
            "the outage is over",
            "The outage of this window was reverted or has ended. Applying would open it a second time.",
            "`runner apply PLAYBOOK --now --for 3h` opens the playbook again as a new outage.",
        ),
        "AP004": Entry(
            "the outage is being reverted",
            "An outage that gives everything back cannot be extended.",
            "`runner status` shows how far it is; apply the playbook again when it is done.",
        ),
        "CF000": Entry(
            "runner.yaml cannot be used",
            "The configuration has mistakes; they are listed with their places.",
            "Mend them; each has a code of its own that `runner explain` knows.",
        ),
        "CL000": Entry(
            "the command's words do not fit",
            "A command, an option or a value of the command line is not known or does not go with the others.",
            "`runner COMMAND --help` lists what there is.",
        ),
        "CL001": Entry(
            "nobody can be asked",
            "The command changes live systems and there is no terminal to ask on.",
            "Add `--yes` and `--reason`; the message has the whole line.",
        ),
        "CL002": Entry("the answer was no", "The question was answered with no.", "Nothing was changed."),
        "CL003": Entry(
            "stopped at once",
            "Ctrl-C a second time: the request in flight was not waited for.",
            "`runner resume` looks at what arrived and goes on; nothing is lost.",
        ),
        "EX001": Entry(
            "somebody wants something else",
            "While this process was applying, somebody asked for a revert (or the other way round). It stopped between "
            "two batches.",
            "`runner status` shows who goes on.",
        ),
        "EX002": Entry(
            "stopped on request",
            "Ctrl-C or SIGTERM: the request in flight was finished and recorded.",
            "`runner resume` goes on where it stopped, `runner revert` gives everything back.",
        ),
        "EX010": Entry(
            "no such outage",
            "The store has no outage with this id.",
            "`runner status` lists what there is.",
        ),
        "GD001": Entry(
            "refused by a guard",
            "A guard of runner.yaml or a limit of the step stands in the way; the message has its figure.",
            "Narrow the step, change the guard, or set it aside with `--override` and a reason.",
        ),
        "GD002": Entry(
            "a guard refused a step at its time",
            "The step came due with nobody looking at a plan, and a guard of runner.yaml stands in its way. Nothing of "
            "it was touched; other targets go on.",
            "Narrow the step or change the guard; `runner apply PLAYBOOK --override ...` sets limits or a freeze "
            "aside.",
        ),
        "IN001": Entry(
            "runner.yaml is there already",
            "`runner init` writes a new configuration and never over one.",
            "`runner new NAME` adds a playbook; start elsewhere with an empty folder.",
        ),
        "IN002": Entry(
            "the playbook is there already",
            "`runner new` writes a new file and never over one.",
            "Take another name, or edit the file that is there.",
        ),
        "JR001": Entry("journal cannot be read", "The journal file is missing or may not be read.", "Check the path."),
        "JR002": Entry(
            "the journal's chain breaks",
            "Each line of a journal carries the hash of all lines before it. From this line on it does not fit: the "
            "file was edited or damaged.",
            "Use an untouched copy. The store, where it exists, does not need the file.",
        ),
        "JR003": Entry(
            "not a journal",
            "The first line of the file names no outage, or the file is empty.",
            "Journals lie in the folder `store.journal`, one file an outage.",
        ),
        "JR004": Entry(
            "journal of another version",
            "The file was written by a runner whose journal this one cannot read.",
            "Import it with that runner, or with a newer one.",
        ),
        "JR005": Entry(
            "the outage is in the store",
            "The store knows this outage already, and its own record is better than the file.",
            "Revert it here, or import into an empty store.",
        ),
        "JR006": Entry(
            "a field is held by an outage of this store",
            "The journal and the store both speak of one field; only together do they tell what it was before.",
            "Import all files that belong together with one command, into an empty store.",
        ),
        "JR007": Entry(
            "the journal's numbers are taken",
            "Two of the files come from different stores, or one was imported before.",
            "Import journals of different stores into a store each.",
        ),
        "JR008": Entry(
            "no journal yet",
            "The outage is registered and nothing was done for it so far.",
            "Export it when its first step has run.",
        ),
        "JR009": Entry(
            "another journal of the same outage",
            "The folder `store.journal` holds a different journal of this outage.",
            "Import that one, or move it away first.",
        ),
        "JR010": Entry(
            "more journals belong to these",
            "Outages that overlapped hold fields together: one journal alone does not tell what a field held before "
            "all of them, and the rest cannot be imported later.",
            "Import all of them with one command; `--alone` takes the files that you named and no others.",
        ),
        "OP001": Entry(
            "no such open outage",
            "No outage is open under this name.",
            "`runner status` lists outages; a playbook's name or the whole id will do.",
        ),
        "OP002": Entry(
            "several outages are meant",
            "More than one outage is open and the command does not say which.",
            "Type one of the lines of the message.",
        ),
        "OS001": Entry(
            "a file cannot be used",
            "The system refuses a file or folder that the command needs.",
            "Check the path, the rights, and the space on the disk.",
        ),
        "PB000": Entry(
            "the playbook cannot be used",
            "The playbook has mistakes; they are listed with their places.",
            "Mend them; `runner validate` shows all files at once.",
        ),
        "PF001": Entry(
            "the plan file was changed",
            "A saved plan ends with a hash of its lines, and it does not fit: the file was edited or is cut short.",
            "Make a new one: `runner plan PLAYBOOK -o FILE`.",
        ),
        "PF002": Entry(
            "a plan of another store",
            "Before-images live in the store. This plan was made against another one.",
            "Apply it where it was made, or plan again here.",
        ),
        "PF003": Entry(
            "the playbook changed since the plan",
            "The file says something else than what was planned and reviewed.",
            "Plan again and look at the difference.",
        ),
        "PF004": Entry("the plan comes too late", "The window of the plan is over.", "Plan again."),
        "PF005": Entry(
            "a target's configuration changed since the plan",
            "runner.yaml describes a target otherwise than when the plan was made.",
            "Plan again.",
        ),
        "PF006": Entry(
            "live values moved since the plan",
            "Somebody changed a value that the plan stands on; the message names it with both values.",
            "Plan again and look at what changed.",
        ),
        "PL001": Entry(
            "no object of this name",
            "The target has no such schedule, channel, message or rule.",
            "Use one of the names in the hint, or `{id: ...}`.",
        ),
        "PL002": Entry(
            "several objects of this name",
            "The name fits more than one object, and the runner does not guess.",
            "Say which one with `{id: ...}`; the message lists the ids.",
        ),
        "PL003": Entry(
            "more objects than the step allows",
            "When the step's time came, its selection matched more than `at_most` says. Nothing was touched.",
            "Narrow `select` or raise `at_most`, then apply the playbook again.",
        ),
        "PR001": Entry(
            "a target cannot be read",
            "The helpdesk or its provider does not answer, or refuses the credential. Nothing was changed.",
            "Check the credential and the connection, then try again; `runner doctor` looks at every target.",
        ),
        "RB001": Entry(
            "nothing held is called that",
            "Only outages, and fields that an outage holds, can be rebased.",
            "`runner status` lists outages, `runner why` shows fields.",
        ),
        "RB002": Entry(
            "a write is not confirmed yet",
            "The last write on this object has no known outcome, so nobody can say what lies where.",
            "`runner resume`, then rebase again.",
        ),
        "RG001": Entry(
            "provider not installed",
            "runner.yaml names a provider that no installed package offers.",
            "`runner providers` lists the installed ones.",
        ),
        "RG002": Entry(
            "provider cannot be loaded",
            "The package of the provider fails while it is imported.",
            "Reinstall or upgrade the package; the message has its fault.",
        ),
        "RG003": Entry(
            "no such target", "runner.yaml has no target of this name.", "Use one of the names in the hint."
        ),
        "RG004": Entry(
            "target cannot be opened",
            "The provider refuses the target's settings.",
            "Mend the target's `options` in runner.yaml as the message says.",
        ),
        "RG005": Entry(
            "kind not offered",
            "The target's provider does not offer this kind.",
            "`runner providers` shows what it offers; a `checklist` leads people through the rest.",
        ),
        "RG006": Entry(
            "sandbox cannot be loaded", "The package of the sandbox fails while it is imported.", "Reinstall it."
        ),
        "RG007": Entry(
            "provider fails on a step",
            "What the step asks for is something that the provider cannot take: a fault of its own, not of the target.",
            "Other steps go on. Tell the provider's author, with the sentence that it gave.",
        ),
        "ST001": Entry(
            "store of a newer version",
            "A newer runner has written this store. An older one must not touch it.",
            "Upgrade the runner. Nothing was changed.",
        ),
        "ST002": Entry(
            "store fault", "The database answered with an unexpected fault.", "`runner doctor` looks at the store."
        ),
        "ST003": Entry(
            "the store would be thrown away",
            "In a CI job the checkout disappears with the job, and with it every before-image in a store inside it.",
            "Put `store.path` on a kept volume, or say `store: {kept: true}` when the job saves and restores the file.",
        ),
        "ST004": Entry(
            "store locked",
            "Another process has held the store for longer than the runner waits.",
            "Try again; find the process with `fuser` when it does not go away.",
        ),
        "ST005": Entry(
            "store read-only", "The file or its folder cannot be written by you.", "Check the owner and the rights."
        ),
        "ST006": Entry(
            "disk full",
            "The disk with the store is full. Nothing is sent that was not recorded first.",
            "Free some space, then `runner resume`.",
        ),
        "ST007": Entry(
            "store damaged",
            "The file is a database with damaged pages.",
            "Restore a backup, or rebuild it with `runner import journal/*.jsonl` into a new store.",
        ),
        "ST008": Entry("not a store", "The file at `store.path` is no database.", "Check `store.path`."),
        "ST009": Entry(
            "store cannot be opened", "The folder of `store.path` is missing or closed to you.", "Create it."
        ),
        "ST010": Entry(
            "somebody else is working on the outage",
            "One process at a time drives an outage. The message says who and for how long its lease runs.",
            "Wait; when that process is surely gone, `runner unlock OUTAGE --reason ...`.",
        ),
        "ST011": Entry(
            "the lease was lost",
            "This process was away (suspended, or too slow) and somebody may have taken over. It stopped before "
            "sending anything more.",
            "`runner status` shows who works on the outage; `runner resume` goes on.",
        ),
        "ST012": Entry(
            "the lease is too short",
            "A request may take longer than the lease lasts, so nobody could tell whether it is still ours when it "
            "arrives. Nothing was sent.",
            "Set `store.lease` in runner.yaml as the message says.",
        ),
        "ST020": Entry(
            "journal file cannot be written",
            "The journal is written before anything is sent; without it nothing is sent.",
            "Free some space or mend `store.journal`, then `runner resume`.",
        ),
        "ST021": Entry(
            "the journal's last line is damaged",
            "The file cannot be gone on with: its last line is no line of a journal.",
            "Move the file away and go on; the store does not need it. Keep it for whoever looks into it.",
        ),
        "WY001": Entry(
            "no outage holds that",
            "Only fields that an outage holds have a stack of layers.",
            "Use one of the names in the hint; `runner show OUTAGE` lists what an outage holds.",
        ),
        "WY002": Entry(
            "no outage holds that field",
            "The object is held, but not in this field.",
            "Use one of the fields in the hint.",
        ),
        "XX001": Entry(
            "unexpected fault",
            "This is a mistake in the runner itself or in a provider. What was sent is on record.",
            "`runner doctor`, then `runner resume`. Please report it with the output under RUNNER_DEBUG=1.",
        ),
    }
)
