using System.Text.Json;
using Metering.Contracts.Messages;

namespace Metering.Contracts.Tests;

/// <summary>Messages cross the bus as JSON and arrive as they were sent.</summary>
public sealed class MessageTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly GroupTotal Tokens = new(
        "tokens", "tokens", "funding", 1, 2, 3, 4, 5_000_000_000, -6, -7, -9, 8, new Reporting("llm_tokens", 1000, "overage"));

    [Test]
    public void A_closed_period_arrives_as_it_was_sent() => Arrives(new PeriodClosed(
        "user-1", 41, Guid.CreateVersion7(Start), Start.AddMonths(1), 3, Start, Start.AddMonths(1), "cus_1", [Tokens],
        [new MeterTotal("llm.input_tokens", 9, 1)], new string('a', 64)));

    [Test]
    public void An_ended_period_arrives_as_it_was_sent() => Arrives(new PeriodEnded(
        "user-1", 40, Guid.CreateVersion7(Start), Start.AddMonths(1), 3, Start, Start.AddMonths(1), null, [Tokens with { Reporting = null }]));

    [Test]
    public void A_threshold_arrives_as_it_was_sent() => Arrives(new ThresholdReached(
        "user-1", 42, Guid.CreateVersion7(Start), Start.AddDays(2), "tokens", Start, null, 80, 400, 500), "\"percent\":80");

    private static void Arrives<T>(T message, string part = "\"overage\":4")
    {
        var sent = JsonSerializer.Serialize(message, JsonSerializerOptions.Web);
        var received = JsonSerializer.Deserialize<T>(sent, JsonSerializerOptions.Web);
        Assert.That(JsonSerializer.Serialize(received, JsonSerializerOptions.Web), Is.EqualTo(sent));
        Assert.That(sent, Does.Contain(part));
    }
}
