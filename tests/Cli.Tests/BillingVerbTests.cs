namespace Metering.Cli.Tests;

/// <summary>What billing operations do from a terminal. Usage is exported to a file here.</summary>
internal sealed class BillingVerbTests : CliTest
{
    [Test]
    public async Task Resync_sends_the_difference_and_nothing_the_second_time()
    {
        var user = await EndedPeriod();
        Assert.That((await Done("resync", user, "--dry-run")).Output, Does.Match("1,200 .*1,200 .*(?s).*1 users compared, 1 would be changed: 1 reports would be planned"));
        Assert.That((await Done("resync", "--all")).Output, Does.Contain("1 users compared, 1 changed: 1 reports planned"));
        var record = (await Done("resync", user, "--json")).Records[^1];
        Assert.That(((string?)record["summary"]!["users"], (string?)record["summary"]!["reports"]), Is.EqualTo(("1", (string?)null)));
        Assert.That((await Done("carry-forward", "--all")).Output, Does.Contain("0 values carried"));
    }

    [Test]
    public async Task A_report_is_explained_and_marked_missing_and_tried_again()
    {
        var user = await EndedPeriod();
        var identifier = (string)(await Done("resync", user, "--json")).Records[0]["user"]!["lines"]![0]!["identifiers"]![0]!;
        await Served.Report(user, 4, Stop);
        var said = (await Done("explain-report", identifier)).Output;
        Assert.That(said, Does.Contain("usage 1,200 / 1 = 1,200").And.Contain("2 events, 1,200 in sum").And.Contain("usage_tracked.v1"));
        var marked = (await Done("mark-missing", identifier, "--why", "not there")).Output;
        Assert.That(marked, Does.Contain($"1,200 of {user}, period 1, tokens, is missing\n"));
        Assert.That(marked, Does.Contain($"run: metering reconcile --user {user}\n"));
        Assert.That(marked, Does.EndWith("\nwhat Stripe has counted after all would be billed twice\n"));
        Assert.That((await Done("retry-reports", identifier)).Output, Does.StartWith("1 reports planned anew"));
        Assert.That((await Done("retry-reports", "--all")).Output, Does.StartWith("0 reports planned anew"));
    }

    [Test]
    public async Task Reports_are_listed_with_their_identifiers()
    {
        var identifier = await Reported("ann");
        await Reported("bob");
        Assert.That((await Done("reports")).Output, Does.Match(
            $@"(?s) {identifier} +ann +1 +tokens +tokens +1,200 +\S+Z +accepted +1 .* bob +1 .*2 reports\n$"));
        var record = (await Done("reports", "ann", "--json")).Records.Single();
        Assert.That(((string?)record["identifier"], (string?)record["value"]), Is.EqualTo((identifier, "1200")));
        var csv = (await Done("reports", "--state", "accepted", "--csv")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.That(csv[0], Is.EqualTo(
            "identifier,user,period,group,stripe_meter,stripe_customer,value,timestamp,state,attempts,error_code,error_message"));
        Assert.That(csv[1], Does.Match($@"^{identifier},ann,1,tokens,tokens,[a-z]*,1200,[-0-9T:.]+Z,accepted,1,,$"));
        Assert.That(csv, Has.Length.EqualTo(3));
        Assert.That((await Done("reports", "ann", "--state", "out_of_window")).Output, Is.EqualTo("no reports\n"));
    }

    [Test]
    public async Task Lines_are_listed_and_what_is_unsettled_of_them()
    {
        var identifier = await Reported("ann");
        Assert.That((await Done("lines")).Output, Does.Match(
            @"(?s) ann +1 +tokens +tokens +1,200 +0 +0 +1,200 +1,200 +0 .*1 lines\n$"));
        Assert.That((await Done("lines", "--unsettled")).Output, Is.EqualTo("no lines\n"));
        await Done("mark-missing", identifier, "--why", "not there");
        await Served.Report("ann", 5, Stop);
        var csv = (await Done("lines", "ann", "--unsettled", "--csv")).Output;
        Assert.That(csv, Is.EqualTo(
            "user,period,group,stripe_meter,value,carried_in,carried_out,target,reported,rest,waits\n" +
            "ann,1,tokens,tokens,1200,0,0,1200,0,1200,\n"));
        var record = (await Done("lines", "ann", "--json")).Records.Single();
        Assert.That(((string?)record["target"], (string?)record["user"]), Is.EqualTo(("1200", "ann")));
    }

    [Test]
    public async Task Billed_sums_per_Stripe_meter()
    {
        Assert.That((await Done("billed")).Output, Is.EqualTo("nothing was reported\n"));
        await Reported("ann");
        await Reported("bob");
        Assert.That((await Done("billed")).Output, Does.Match(@"tokens +2 +2,400 +2,400 +0 +0 +0 +0 "));
        var record = (await Done("billed", "bob", "--json")).Records.Single();
        Assert.That(((string?)record["stripe_meter"], (string?)record["reported"]), Is.EqualTo(("tokens", "1200")));
    }

    [Test]
    public async Task What_has_several_pages_is_listed_to_the_end()
    {
        await EndedPeriod("ann");
        var users = Enumerable.Range(1, 1_000).Select(number => $"user-{number}").ToArray();
        await Task.WhenAll(users.Select(Ended));
        await Done("resync", "--all");
        foreach (var user in users) await Served.Report(user, 2, Stop);
        Assert.That((await Done("reports", "--json")).Records, Has.Length.EqualTo(1_001));
        Assert.That((await Done("lines", "--csv")).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries), Has.Length.EqualTo(1_002));
    }

    [Test]
    public async Task A_line_is_explained_with_its_reports()
    {
        var identifier = await Reported("ann");
        var said = (await Done("explain-line", "ann", "1", "tokens")).Output;
        Assert.That(said, Does.StartWith("1,200 on tokens for ann\n").And.Contain("usage 1,200 / 1 = 1,200, rounded down"));
        Assert.That(said, Does.Contain("carried out = 1,200; reported 1,200; to be reported 0"));
        Assert.That(said, Does.Match($@"(?s) {identifier} +1,200 +\S+Z +accepted .* usage_tracked.v1 .*2 events, 1,200 in sum\n$"));
        Assert.That((await Done("explain-line", "ann", "1", "tokens", "tokens", "--json")).Records[0]["line"], Is.Not.Null);
    }

    [Test]
    public async Task A_dry_run_says_what_would_be_and_that_nothing_was_sent()
    {
        var user = await EndedPeriod();
        var said = (await Done("resync", user, "--dry-run")).Output;
        Assert.That(said, Does.StartWith("dry run: nothing was recorded or sent; this is how the lines would stand\n"));
        Assert.That(said, Does.Contain("would be reported").And.Contain("would be planned").And.Contain("0 values would be carried"));
        Assert.That((await Done("reports", user)).Output, Is.EqualTo("no reports\n"), "nothing was planned");
        var sent = (await Done("resync", user)).Output;
        Assert.That(sent, Does.Not.Contain("would"));
        await Served.Report(user, 4, Stop);
        var identifier = (string)(await Done("reports", user, "--json")).Records.Single()["identifier"]!;
        Assert.That(new[] { said, sent }, Has.All.Contain(identifier), "both name what they plan");
    }

    [TestCase(Exit.No, "user: expected a user with events; nobody has none", "reports", "nobody")]
    [TestCase(Exit.No, "user: expected a user with events; nobody has none", "lines", "nobody", "--unsettled")]
    [TestCase(Exit.No, "user: expected a user with events; nobody has none", "billed", "nobody")]
    [TestCase(Exit.BadInput, "user: expected 1 to 128 characters", "reports", "no body")]
    [TestCase(Exit.BadInput, "--state: expected one of planned, sent, ", "reports", "--state", "lost")]
    [TestCase(Exit.BadInput, "expected --json or --csv, not both", "reports", "--json", "--csv")]
    [TestCase(Exit.BadInput, "expected --json or --csv, not both", "lines", "--json", "--csv")]
    [TestCase(Exit.No, "group: expected a group that reports to one Stripe meter", "explain-line", "nobody", "1", "tokens")]
    [TestCase(Exit.BadInput, "unknown option '--al'", "resync", "--al")]
    [TestCase(Exit.BadInput, "unknown option '--dryrun'", "resync", "--dryrun", "--all")]
    [TestCase(Exit.BadInput, "expected USER, or --all", "resync")]
    [TestCase(Exit.BadInput, "expected USER, or --all", "carry-forward", "ann", "--all")]
    [TestCase(Exit.BadInput, "--period: expected a whole number", "resync", "ann", "--period", "0")]
    [TestCase(Exit.BadInput, "expected IDENTIFIER, or --all", "retry-reports")]
    [TestCase(Exit.BadInput, "--period: expected a whole number", "reconcile", "--period", "0")]
    [TestCase(Exit.BadInput, "expected --json or --csv, not both", "reconcile", "--json", "--csv")]
    [TestCase(Exit.No, "usage is exported to a file", "reconcile")]
    [TestCase(Exit.No, "identifier: expected the identifier of a report", "explain-report", "nobody")]
    [TestCase(Exit.No, "user: expected a user with events", "resync", "nobody")]
    [TestCase(Exit.No, "user: expected a user with events", "carry-forward", "nobody")]
    [TestCase(Exit.BadInput, "user: expected 1 to 128 characters", "resync", "no body")]
    [TestCase(Exit.BadInput, "user: expected 1 to 128 characters", "reconcile", "--user", "no body")]
    [TestCase(Exit.BadInput, "user: expected 1 to 128 characters", "stripe-problems", "--user", "no body")]
    [TestCase(Exit.No, "identifier: expected the identifier of a report", "retry-reports", "nobody")]
    [TestCase(Exit.No, "identifier: expected the identifier of a report", "mark-missing", "nobody", "--why", "lost")]
    [TestCase(Exit.BadInput, "--why", "mark-missing", "nobody")]
    [TestCase(Exit.BadInput, "expected a MESSAGE or --all", "failures", "return")]
    [TestCase(Exit.No, "the bus", "failures", "list")]
    [TestCase(Exit.BadInput, "why: expected 1 to 500 characters", "mark-missing", "nobody", "--why", "")]
    public async Task What_cannot_be_meant_is_said(int code, string expected, params string[] args)
    {
        var said = await Run(args);
        Assert.That(said.Code, Is.EqualTo(code), said.Error);
        Assert.That(said.Error, Does.StartWith("metering: ").And.Contain(expected));
        Assert.That(said.Output, Is.Empty);
    }

    [TestCase("no reports", "reports")]
    [TestCase("no lines", "lines")]
    [TestCase("0 users compared", "resync", "--all")]
    [TestCase("0 users compared", "carry-forward", "--all")]
    [TestCase("0 reports planned anew", "retry-reports", "--all")]
    [TestCase("no problems", "stripe-problems")]
    public async Task Where_there_is_nothing_that_is_said(string expected, params string[] args)
    {
        Assert.That((await Done(args)).Output, Does.Match($"^{expected}[^\n]*\n$"));
    }

    /// <summary>A user's period whose usage is in the file; the report's identifier.</summary>
    private async Task<string> Reported(string user)
    {
        await EndedPeriod(user);
        await Done("resync", user);
        await Served.Report(user, 4, Stop);
        return (string)(await Done("reports", user, "--json")).Records.Single()["identifier"]!;
    }

    /// <summary>A user whose first period ended with one token; the plan is published.</summary>
    private async Task Ended(string user)
    {
        await Served.Accounts.AssignPlanAsync(new() { User = user, CommandId = Served.NewId(), PlanId = "pro" });
        await Track(user, 1);
        await Served.Accounts.EndPlanAsync(new() { User = user, CommandId = Served.NewId() });
    }
}
