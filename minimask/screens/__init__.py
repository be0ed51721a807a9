"""The screens of chapter 6: pages whose truth a browser says, what finds their controls, and clicks that show it."""
