namespace Metering.Cli;

/// <summary>What the program says to a script.</summary>
internal static class Exit
{
    /// <summary>Done; asked whether something is allowed: yes.</summary>
    public const int Ok = 0;

    /// <summary>Not done: denied, refused as things stand, or no answer.</summary>
    public const int No = 1;

    /// <summary>Never possible as it was asked: an argument, a file or a field is wrong.</summary>
    public const int BadInput = 2;
}

/// <summary>What was asked is wrong; the message names the part and what was expected.</summary>
internal sealed class BadInputException(string message) : Exception(message);

/// <summary>What was asked for is not there; the message says what.</summary>
internal sealed class NotFoundException(string message) : Exception(message)
{
    public static NotFoundException NoEvents(string user) =>
        new($"user: expected a user with events; {user} has none: no such user, or no plan yet");
}
