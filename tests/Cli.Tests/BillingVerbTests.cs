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
        Assert.That((await Done("mark-missing", identifier, "--why", "not there")).Output, Does.Contain($"1,200 of {user}, period 1, tokens, is missing"));
        Assert.That((await Done("retry-reports", identifier)).Output, Does.StartWith("1 reports planned anew"));
        Assert.That((await Done("retry-reports", "--all")).Output, Does.StartWith("0 reports planned anew"));
    }

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

    [TestCase("0 users compared", "resync", "--all")]
    [TestCase("0 users compared", "carry-forward", "--all")]
    [TestCase("0 reports planned anew", "retry-reports", "--all")]
    [TestCase("no problems", "stripe-problems")]
    public async Task Where_there_is_nothing_that_is_said(string expected, params string[] args)
    {
        Assert.That((await Done(args)).Output, Does.Match($"^{expected}[^\n]*\n$"));
    }
}
